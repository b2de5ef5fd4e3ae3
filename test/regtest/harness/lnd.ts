import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtBinary } from './binaries.ts';
import type { BtcdCoords } from './btcd.ts';
import { assertRunning, type Daemon, signalDaemon, startDaemon, stopDaemon } from './daemon.ts';
import { closeLnd, type Lnd, openLnd, openLndStatus, unary } from './grpc.ts';
import { until } from './until.ts';

/** What is needed to speak to a node and to start it again: plain JSON. */
export type LndCoords = {
  name: string;
  daemon: Daemon;
  socket: string;
  peerSocket: string;
  certPath: string;
  adminMacaroonPath: string;
  /** Hex; empty before the node was connected for the first time. */
  pubkey: string;
};

export type WalletState =
  | 'NON_EXISTING'
  | 'LOCKED'
  | 'UNLOCKED'
  | 'RPC_ACTIVE'
  | 'SERVER_ACTIVE'
  | 'WAITING_TO_START';

export type LndOptions = {
  name: string;
  dir: string;
  btcd: BtcdCoords;
  rpcPort: number;
  peerPort: number;
  /** Further options of lnd. */
  args?: string[];
  /** With a wallet that has to be made and unlocked, as in production; by default lnd does both by itself. */
  locked?: boolean;
};

/** The coordinates of an lnd that was not started yet. */
export function lndCoords({ name, dir, btcd, rpcPort, peerPort, args = [], locked }: LndOptions): LndCoords {
  const lndDir = join(dir, name);
  const options = [
    `--lnddir=${lndDir}`,
    `--alias=${name}`,
    `--rpclisten=127.0.0.1:${rpcPort}`,
    `--listen=127.0.0.1:${peerPort}`,
    '--norest',
    '--nobootstrap',
    '--trickledelay=50',
    '--maxpendingchannels=10',
    '--bitcoin.simnet',
    '--bitcoin.node=btcd',
    `--btcd.rpchost=127.0.0.1:${btcd.rpcPort}`,
    `--btcd.rpccert=${btcd.certPath}`,
    `--btcd.rpcuser=${btcd.user}`,
    `--btcd.rpcpass=${btcd.password}`,
    // btcd is started again under a running lnd; with its health check lnd would end itself.
    '--healthcheck.chainbackend.attempts=0',
    ...(locked ? [] : ['--noseedbackup']),
    ...args,
  ];
  return {
    name,
    daemon: { name, dir, command: builtBinary('lnd'), args: options },
    socket: `localhost:${rpcPort}`,
    peerSocket: `127.0.0.1:${peerPort}`,
    certPath: join(lndDir, 'tls.cert'),
    adminMacaroonPath: join(lndDir, 'data/chain/bitcoin/simnet/admin.macaroon'),
    pubkey: '',
  };
}

/** The state of the node's wallet and server, or undefined when nothing answers. */
export async function walletState({ socket, certPath }: LndCoords): Promise<WalletState | undefined> {
  try {
    const lnd = openLndStatus(socket, certPath);
    try {
      return (await unary<{ state: WalletState }>(lnd.status, 'getState', {}, 2)).state;
    } finally {
      closeLnd(lnd);
    }
  } catch {
    return undefined;
  }
}

/** Wait until the node is in one of some states. @throws Error with the log's last lines when it has ended */
export function awaitState(coords: LndCoords, ...states: WalletState[]): Promise<WalletState> {
  return until(`${coords.name} is ${states.join(' or ')}`, 60, async () => {
    const state = await walletState(coords);
    if (state === undefined) assertRunning(coords.daemon);
    return state !== undefined && states.includes(state) ? state : undefined;
  });
}

/** Start a node and wait until it takes calls, though not yet all: AddInvoice hangs before `SERVER_ACTIVE`. */
export async function startLnd(coords: LndCoords): Promise<void> {
  startDaemon(coords.daemon);
  await awaitState(coords, 'RPC_ACTIVE', 'SERVER_ACTIVE');
}

/** A running node, as the tests hold it. */
export type LndNode = LndCoords & {
  /** The raw services with the admin macaroon; made anew by `restart`. */
  readonly lnd: Lnd;
  /** Stop the node cleanly, start it again, and wait until it takes all calls; its ports stay. */
  restart(): Promise<void>;
  /** End the process, by default as a crash does, and wait until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Start the process after `kill`, and wait until it takes all calls. */
  start(): Promise<void>;
  /** Start the process after `kill` with other options, given those it has, and don't wait; `reopen` when it takes calls. */
  startAs(change: (args: string[]) => string[]): void;
  /** Connect anew, as to a node that has another certificate. */
  reopen(): void;
  /** Let the process go silent: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Make a macaroon for exactly these calls, such as `/lnrpc.Lightning/AddInvoice`; returns the path of its file. */
  bakeMacaroon(uris: string[]): Promise<string>;
  close(): void;
};

/** Hold a node that runs. */
export function connectLnd(coords: LndCoords): LndNode {
  const open = (): Lnd => openLnd(coords.socket, coords.certPath, coords.adminMacaroonPath);
  let lnd = open();
  let baked = 0;
  const close = (): void => closeLnd(lnd);
  const kill = (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => stopDaemon(coords.daemon, signal);
  const reopen = (): void => {
    close();
    lnd = open();
  };
  const start = async (): Promise<void> => {
    startDaemon(coords.daemon);
    await awaitState(coords, 'SERVER_ACTIVE');
    reopen();
  };
  return {
    ...coords,
    get lnd() {
      return lnd;
    },
    kill,
    start,
    restart: async () => {
      await kill('SIGTERM');
      await start();
    },
    startAs: (change) => startDaemon({ ...coords.daemon, args: change(coords.daemon.args) }),
    reopen,
    pause: () => signalDaemon(coords.daemon, 'SIGSTOP'),
    resume: () => signalDaemon(coords.daemon, 'SIGCONT'),
    bakeMacaroon: async (uris) => {
      const permissions = uris.map((action) => ({ entity: 'uri', action }));
      const { macaroon } = await unary<{ macaroon: string }>(lnd.default, 'bakeMacaroon', { permissions });
      baked += 1;
      const path = join(coords.daemon.dir, coords.name, `baked-${process.pid}-${baked}.macaroon`);
      writeFileSync(path, Buffer.from(macaroon, 'hex'), { mode: 0o600 });
      return path;
    },
    close,
  };
}
