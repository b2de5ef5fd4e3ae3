import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { OptionError, readNumber } from '../../connector/options.ts';
import { readFlags } from '../../shared/command/flags.ts';
import { aborted, runLocal, stopSignal } from '../command.ts';
import { type DevNode, startDevNode } from './node.ts';

const HELP = `npm run node -- --data DIR [flags]: the development node by itself, a jar and a payer with a channel between them

  --data DIR       where they keep keys, certificates, macaroons and what they know; made when missing
  --port N         gRPC of the jar, on 127.0.0.1; a free one unless told
  --payer-port N   and of the payer

Prints where both are, with their files, as a line of JSON.
`;

const addresses = ({ socket, pubkey, certPath, adminMacaroonPath }: DevNode): object => ({
  socket,
  pubkey,
  certPath,
  adminMacaroonPath,
});

runLocal(async (args) => {
  const text = { type: 'string' } as const;
  const { values } = readFlags(args, { data: text, port: text, 'payer-port': text });
  if (values.help) return void process.stdout.write(HELP);
  if (!values.data) throw new OptionError('--data: a folder is needed; see --help');
  const port = readNumber('port', values.port, 0, 65_535) ?? 0;
  const payerPort = readNumber('payer-port', values['payer-port'], 0, 65_535) ?? 0;
  const shared = { network: 'regtest', clock: Date.now, random: randomBytes } as const;
  const stop = stopSignal();
  const nodes: DevNode[] = [];
  const start = async (alias: string, at: number) => {
    const dir = join(values.data!, alias);
    const node = await startDevNode({ ...shared, dir, alias, port: at, peers: [...nodes] });
    nodes.unshift(node);
    return node;
  };
  try {
    const jar = await start('jar', port);
    const payer = await start('payer', payerPort);
    console.log(JSON.stringify({ jar: addresses(jar), payer: addresses(payer) }));
    await aborted(
      stop.signal,
      nodes.map(({ failed }) => failed),
    );
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
});
