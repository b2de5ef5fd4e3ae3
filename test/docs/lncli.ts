/** `lncli bakemacaroon`, as the pages type it, at the node on lnd's own port whose files lie in this folder. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { callLnd } from '../../connector/lnd/client.ts';
import { openServices } from '../../connector/lnd/services.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { save_to: { type: 'string' } },
});
const [command, ...rights] = positionals;
if (command !== 'bakemacaroon' || !values.save_to) throw new Error(`lncli ${command}: not here`);

const services = openServices({
  socket: 'localhost:10009',
  cert: readFileSync('tls.cert'),
  macaroon: readFileSync('admin.macaroon'),
});
const permissions = rights.map((right) => ({ entity: 'uri', action: right.replace(/^uri:/, '') }));
const { macaroon } = await callLnd(services.default!, 'bakeMacaroon', { permissions });
writeFileSync(values.save_to, Buffer.from(macaroon, 'hex'));
for (const service of Object.values(services)) service!.close();
