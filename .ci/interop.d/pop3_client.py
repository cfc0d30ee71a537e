"""Fetches a maildrop by poplib; how is the JSON in the first argument."""

import json
import pathlib
import poplib
import ssl
import sys

how = json.loads(sys.argv[1])
context = ssl.create_default_context(cafile=how["ca"])
poplib._MAXLINE = 1 << 20  # its own limit is 2,048 octets a line
if how["tls"] == "implicit":
    client = poplib.POP3_SSL(how["host"], how["port"], timeout=20, context=context)
else:
    client = poplib.POP3(how["host"], how["port"], timeout=20)
client.set_debuglevel(0)
client.capa()
if how["tls"] == "starttls":
    client.stls(context)
if how["auth"] == "APOP":
    client.apop(how["user"], how["password"])
else:
    client.user(how["user"])
    client.pass_(how["password"])
if how.get("commands"):
    # All that it has: what is right is answered, what is wrong is refused, and the session goes on.
    count, octets = client.stat()
    assert count == len(client.list()[1]) == len(client.uidl()[1]) == how["commands"], count
    sizes = {int(line.split()[0]): int(line.split()[1]) for line in client.list()[1]}
    assert sum(sizes.values()) == octets
    for number in sizes:
        # Lines come without their ends, and without the dots that were put in front of others.
        assert len(b"\r\n".join(client.retr(number)[1])) + 2 == sizes[number], (number, sizes)
        assert client.list(number) == f"+OK {number} {sizes[number]}".encode()
        head = client.top(number, 0)[1]
        assert head[-1] == b"" and b"" not in head[:-1], head
        assert len(client.top(number, 1)[1]) <= len(head) + 1
    client.dele(1)
    for refused in (client.retr, client.dele, client.list, client.uidl):
        try:
            refused(1)
        except poplib.error_proto as error:
            assert error.args[0].startswith(b"-ERR"), error
        else:
            sys.exit(f"{refused} of what is marked")
    assert client.stat() == (count - 1, octets - sizes[1])
    client.rset()
    assert client.stat() == (count, octets)
    client.noop()
    for wrong in ("XYZZY", "RETR", "RETR 0", f"RETR {count + 1}", "TOP 1", "LIST x"):
        try:
            client._shortcmd(wrong)
        except poplib.error_proto:
            continue
        sys.exit(f"{wrong} was accepted")
for number in range(1, client.stat()[0] + 1):
    lines = client.retr(number)[1]
    pathlib.Path(how["to"], str(number)).write_bytes(b"".join(line + b"\r\n" for line in lines))
    if how["delete"]:
        client.dele(number)
client.quit()
