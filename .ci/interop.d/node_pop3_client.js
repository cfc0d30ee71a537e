// Fetches a maildrop by node-pop3; how is the JSON in the first argument.
'use strict';
const fs = require('fs');
const loaded = require('node-pop3');

const how = JSON.parse(process.argv[2]);
const client = new (loaded.default || loaded)({
    user: how.user,
    password: how.password,
    host: how.host,
    port: how.port,
    tls: how.tls === 'implicit',
    tlsOptions: { ca: fs.readFileSync(how.ca) },
    servername: 'localhost',
    timeout: 20000,
});

async function fetch() {
    for (const [number] of await client.UIDL()) {
        fs.writeFileSync(`${how.to}/${number}`, await client.RETR(Number(number)));
        if (how.delete) await client.command('DELE', number);
    }
    await client.QUIT();
}

fetch().then(
    () => process.exit(0),
    (error) => {
        console.error(error.responseText || '', error.message || error);
        process.exit(1);
    },
);
