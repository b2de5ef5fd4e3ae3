import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Load {
  readonly seconds: number;
  readonly connections: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * Ask for a URL over kept connections, one request after another on each, for some seconds. It reads no more of an
 * answer than its status and length, so that it keeps ahead of every server it measures.
 * @returns whole answers a second
 * @throws Error for an answer that isn't 200 with a Content-Length, and when a connection ends
 */
export async function askFor(url: string, { seconds, connections }: Load): Promise<number> {
  const { hostname, port, host, pathname, search } = new URL(url);
  const request = Buffer.from(`GET ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\naccept: */*\r\n\r\n`);
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      await once(socket, 'connect');
      return socket;
    }),
  );
  const began = performance.now();
  const end = began + seconds * 1000;
  try {
    const counts = await Promise.all(sockets.map((socket) => askOn(socket, request, end)));
    return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - began) / 1000);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** Ask on one connection until the time is over and the last answer is whole. */
function askOn(socket: Socket, request: Buffer, end: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answers = 0;
    let rest: Buffer = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a connection')));
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const headEnd = rest.indexOf(HEAD_END);
      if (headEnd < 0) return;
      const head = rest.toString('latin1', 0, headEnd);
      const length = CONTENT_LENGTH.exec(head)?.[1];
      if (!head.startsWith('HTTP/1.1 200 ') || length === undefined) {
        reject(new Error(`the server answered ${JSON.stringify(head.slice(0, 200))}`));
        return;
      }
      if (rest.length < headEnd + HEAD_END.length + Number(length)) return;
      rest = Buffer.alloc(0);
      answers++;
      if (performance.now() < end) socket.write(request);
      else resolve(answers);
    });
    socket.write(request);
  });
}
