import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { builtBinary } from './binaries.ts';
import { assertRunning, type Daemon, startDaemon, stopDaemon } from './daemon.ts';
import { until } from './until.ts';

/** What is needed to speak to the chain: plain JSON. */
export type BtcdCoords = {
  daemon: Daemon;
  rpcPort: number;
  certPath: string;
  user: string;
  password: string;
};

/** The coordinates of a btcd on simnet that was not started yet; it listens for JSON-RPC on loopback alone. */
export function btcdCoords(dir: string, rpcPort: number, password: string): BtcdCoords {
  const certPath = join(dir, 'btcd-rpc.cert');
  const user = 'regtest';
  const args = [
    '--simnet',
    `--configfile=${join(dir, 'btcd.conf')}`,
    `--datadir=${join(dir, 'btcd')}`,
    `--logdir=${join(dir, 'btcd', 'logs')}`,
    `--rpccert=${certPath}`,
    `--rpckey=${join(dir, 'btcd-rpc.key')}`,
    `--rpcuser=${user}`,
    `--rpcpass=${password}`,
    `--rpclisten=127.0.0.1:${rpcPort}`,
    '--rpcmaxwebsockets=100',
    '--txindex',
    '--nolisten',
    '--nodnsseed',
  ];
  return {
    daemon: { name: 'btcd', dir, command: builtBinary('btcd'), args },
    rpcPort,
    certPath,
    user,
    password,
  };
}

/** Call btcd's JSON-RPC. @throws Error with the method and what btcd said */
export function btcdRpc<T>(btcd: BtcdCoords, method: string, params: unknown[] = []): Promise<T> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: btcd.rpcPort,
        method: 'POST',
        auth: `${btcd.user}:${btcd.password}`,
        ca: readFileSync(btcd.certPath),
        headers: { 'content-type': 'application/json' },
        agent: false,
      },
      async (response) => {
        try {
          let body = '';
          for await (const chunk of response.setEncoding('utf8')) body += chunk;
          const { result, error } = JSON.parse(body) as { result: T; error: { message: string } | null };
          if (error !== null) throw new Error(`btcd ${method}: ${error.message}`);
          resolve(result);
        } catch (error) {
          reject(error);
        }
      },
    );
    call.on('error', reject);
    call.end(JSON.stringify({ jsonrpc: '1.0', id: 1, method, params }));
  });
}

/** Start btcd and wait until it answers. */
export async function startBtcd(btcd: BtcdCoords): Promise<void> {
  startDaemon(btcd.daemon);
  await until('btcd answers', 30, async () => {
    assertRunning(btcd.daemon);
    return await btcdRpc<number>(btcd, 'getblockcount').catch(() => undefined);
  });
}

/** Start btcd again with an address that is paid for every block; the address is part of what is returned. */
export async function mineTo(btcd: BtcdCoords, address: string): Promise<BtcdCoords> {
  await stopDaemon(btcd.daemon);
  const args = [...btcd.daemon.args, `--miningaddr=${address}`];
  const mining = { ...btcd, daemon: { ...btcd.daemon, args } };
  await startBtcd(mining);
  return mining;
}

/** Mine blocks at once; the new height is returned. */
export async function generate(btcd: BtcdCoords, blocks: number): Promise<number> {
  await btcdRpc(btcd, 'generate', [blocks]);
  return await btcdRpc<number>(btcd, 'getblockcount');
}
