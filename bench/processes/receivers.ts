import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { serveParent } from '../child.ts';

export type Receivers = Awaited<ReturnType<typeof openReceivers>>;

/** When an event came to an endpoint: ms since 1970, with fractions. */
export interface Arrival {
  readonly path: string;
  readonly id: string;
  readonly atMs: number;
}

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n';

/** Many endpoints behind one port: each path is one. Those below /dead never answer, those below /switch change the protocol (101) and are silent. */
async function openReceivers({ key, cert }: { readonly key: string; readonly cert: string }) {
  let arrivals: Arrival[] = [];
  const seen = new Set<string>();
  let told = () => {};
  const server = https.createServer({ key, cert }, (request, response) => {
    const atMs = performance.timeOrigin + performance.now();
    const path = request.url ?? '';
    const id = String(request.headers['webhook-id']);
    request.resume();
    if (path.startsWith('/dead')) return;
    if (path.startsWith('/switch')) return void request.socket.write(SWITCH);
    arrivals.push({ path, id, atMs });
    seen.add(`${path} ${id}`);
    response.writeHead(204).end();
    told();
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    calls: {
      port: () => (server.address() as AddressInfo).port,
      /** Wait until so many came, and forget them. */
      async take(count: number): Promise<Arrival[]> {
        while (seen.size < count) {
          await new Promise<void>((resolve) => {
            told = resolve;
          });
        }
        const taken = arrivals;
        arrivals = [];
        seen.clear();
        return taken;
      },
    },
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

serveParent(openReceivers);
