import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MOST_CONNECTIONS, SERVER_LIMITS } from '../../shared/server/limits.ts';
import { isLoopbackHost } from '../../shared/server/loopback.ts';
import type { Answer } from './protocol.ts';

export type Listener = { port: number; close(): Promise<void> };

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const LARGEST_BODY = 16 * 1024 * 1024;
/** At the end, requests that are under way have so long; then their connections are broken off, whatever their clients do. */
const GRACE_MS = 2_000;

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Serves the protocol on 127.0.0.1 for other processes of this machine. Signatures are not checked.
 *
 * @param port 0 for a free one
 * @throws the system's error when the port is taken
 */
export async function listen(
  port: number,
  answerTo: (target: string, body: Uint8Array) => Promise<Answer>,
): Promise<Listener> {
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.headers['x-amz-target'];
    // A name that isn't this machine's own comes from a page that had its name pointed at 127.0.0.1.
    if (request.method !== 'POST' || typeof target !== 'string' || !isLoopbackHost(request.headers.host)) {
      response.writeHead(404).end();
      return;
    }
    const body = await bodyOf(request);
    if (!body) {
      response.writeHead(413, { connection: 'close' }).end();
      return;
    }
    const answer = await answerTo(target, body);
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': answer.body.length };
    response.writeHead(answer.status, headers).end(answer.body);
  }

  const server = createServer(SERVER_LIMITS, (request, response) => {
    respond(request, response).catch(() => response.destroy());
  });
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        const late = setTimeout(() => server.closeAllConnections(), GRACE_MS);
        server.close(() => {
          clearTimeout(late);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
