// Sends one message by nodemailer; what and how is the JSON in the first argument.
'use strict';
const fs = require('fs');
const nodemailer = require('nodemailer');

const how = JSON.parse(process.argv[2]);
let auth;
if (how.token) auth = { type: 'OAuth2', user: how.user, accessToken: how.token };
else if (how.user) auth = { user: how.user, pass: how.password };
const transport = nodemailer.createTransport({
    host: how.host,
    port: how.port,
    name: how.helo,
    lmtp: how.lmtp,
    secure: how.tls === 'implicit',
    ignoreTLS: how.tls === 'none',
    requireTLS: how.tls === 'starttls',
    tls: { ca: fs.readFileSync(how.ca) },
    auth,
    authMethod: how.auth || undefined,
    logger: true,
    debug: true,
});
transport
    .sendMail({ envelope: { from: how.from, to: how.to }, raw: fs.readFileSync(how.file), dsn: how.dsn || undefined })
    .then(
        (done) => {
            transport.close();
            if (done.rejected && done.rejected.length) throw new Error(`refused: ${done.rejected}`);
        },
    )
    .catch((error) => {
        console.error(error.response || error.message);
        process.exitCode = 1;
    });
