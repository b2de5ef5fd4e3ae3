import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a node that can be cut: TCP on loopback, bytes as they come. */
export type CutLine = {
  /** localhost and port: lnd's certificate names that host. */
  socket: string;
  /** End all connections at once, as a broken line does, and refuse new ones. */
  cut(): void;
  /** Let connections through again. */
  mend(): void;
  close(): Promise<void>;
};

/** @param target host and port */
export async function startProxy(target: string): Promise<CutLine> {
  const [host, port] = target.split(':');
  const open = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    keep(near);
    if (isCut) return void near.resetAndDestroy();
    const far = connect(Number(port), host);
    keep(far);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reset = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    socket: `localhost:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      reset();
    },
    mend() {
      isCut = false;
    },
    async close() {
      reset();
      await once(server.close(), 'close');
    },
  };
}
