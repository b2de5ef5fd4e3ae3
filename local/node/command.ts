import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Asked, Outcome, Parts } from '../../shared/command/command.ts';
import { readOptionalCount } from '../../shared/command/numbers.ts';
import type { DEV_NODE } from '../flags.ts';
import { inFolder, untilStopped } from '../untilStopped.ts';
import { type DevNode, startDevNode } from './node.ts';

const addresses = ({ socket, pubkey, certPath, adminMacaroonPath }: DevNode): object => ({
  socket,
  pubkey,
  certPath,
  adminMacaroonPath,
});

/** A jar and a payer, until they are told to stop. */
export const runNodes = ({ values }: Asked<typeof DEV_NODE>, { signal, print }: Parts): Promise<Outcome> =>
  inFolder(async () => {
    const port = readOptionalCount('--port', values.port, 0, 65_535) ?? 0;
    const payerPort = readOptionalCount('--payer-port', values['payer-port'], 0, 65_535) ?? 0;
    const shared = { network: 'regtest', clock: Date.now, random: randomBytes } as const;
    const nodes: DevNode[] = [];
    const start = async (alias: string, at: number) => {
      const dir = join(values.data, alias);
      const node = await startDevNode({ ...shared, dir, alias, port: at, peers: [...nodes] });
      nodes.unshift(node);
      return node;
    };
    try {
      const jar = await start('jar', port);
      const payer = await start('payer', payerPort);
      print(JSON.stringify({ jar: addresses(jar), payer: addresses(payer) }));
      await untilStopped(
        signal,
        nodes.map(({ failed }) => failed),
      );
    } finally {
      await Promise.all(nodes.map((node) => node.stop()));
    }
    return {};
  });
