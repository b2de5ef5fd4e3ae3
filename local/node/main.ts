import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DevNode, startDevNode } from './node.ts';
import { ListenError } from './server.ts';

const USAGE = 'npm run node -- --data DIR [--port N] [--payer-port N]';

const readPort = (name: string, value: string): number => {
  const port = Number(value);
  if (/^[0-9]{1,5}$/.test(value) && port <= 65_535) return port;
  throw new RangeError(`--${name}: ${JSON.stringify(value)} is not a port from 0 to 65535`);
};

const readArguments = (): { data: string; port: number; payerPort: number } => {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '0' },
      'payer-port': { type: 'string', default: '0' },
    },
  });
  if (!values.data) throw new RangeError(`--data: a folder is needed. ${USAGE}`);
  return {
    data: values.data,
    port: readPort('port', values.port),
    payerPort: readPort('payer-port', values['payer-port']),
  };
};

const addresses = ({ socket, pubkey, certPath, adminMacaroonPath }: DevNode): object => ({
  socket,
  pubkey,
  certPath,
  adminMacaroonPath,
});

try {
  const { data, port, payerPort } = readArguments();
  const shared = { network: 'regtest', clock: Date.now, random: randomBytes } as const;
  const jar = await startDevNode({ ...shared, dir: join(data, 'jar'), alias: 'jar', port });
  const payer = await startDevNode({
    ...shared,
    dir: join(data, 'payer'),
    alias: 'payer',
    port: payerPort,
    peers: [jar],
  });
  const stop = async (): Promise<void> => {
    await Promise.all([payer.stop(), jar.stop()]);
    process.exit(0);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  console.log(JSON.stringify({ jar: addresses(jar), payer: addresses(payer) }));
} catch (error) {
  console.error(error instanceof RangeError || error instanceof ListenError ? error.message : error);
  process.exit(1);
}
