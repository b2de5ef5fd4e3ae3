import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import type { Random } from '../../faults/random.ts';
import type { Authority } from './receiver.ts';

/** When a receiver begins to act: what of the request has come by then. */
const MOMENTS = ['connection', 'handshake', 'head', 'request'] as const;

/** How it goes on when it has said what it had to say. */
const ENDINGS = ['is silent', 'half closes', 'closes', 'resets', 'repeats'] as const;

/** What a receiver does with a connection, whatever HTTP says of it. */
export interface Act {
  readonly at: (typeof MOMENTS)[number];
  readonly says: readonly string[];
  /** A byte at a time. */
  readonly slowly?: boolean;
  /** `repeats` its last words for as long as anybody listens. */
  readonly ends: (typeof ENDINGS)[number];
}

/** In all that a receiver says of its own accord, so that a log shows whether it was kept. */
export const WORDS = 'WORDS-OF-THE-RECEIVER';

export const SWITCH = `HTTP/1.1 101 ${WORDS}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
export const INFORMATION = [
  'HTTP/1.1 100 Continue\r\n\r\n',
  `HTTP/1.1 102 Processing\r\nX-Text: ${WORDS}\r\n\r\n`,
  `HTTP/1.1 103 Early Hints\r\nLink: <${WORDS}>\r\n\r\n`,
];
export const ANSWER = `HTTP/1.1 200 OK\r\nX-Text: ${WORDS}\r\nContent-Length: 5\r\n\r\nhello`;
export const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
export const HEAD = 'HTTP/1.1 200 OK\r\n';
export const HEADER = `X-Text: ${WORDS}\r\n`;
export const CHUNK = `5;${WORDS}\r\nhello\r\n`;

const SAYINGS = [
  SWITCH,
  'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  ...INFORMATION,
  `HTTP/1.1 199 ${WORDS}\r\n\r\n`,
  ANSWER,
  'HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n',
  'HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 429 Slow\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.0 500 Old\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
  'HTTP/1.1 999 Beyond\r\nContent-Length: 0\r\n\r\n',
  'HTTP/2 200\r\n\r\n',
  CHUNKED,
  CHUNK,
  'fffffffff\r\n',
  '0\r\n',
  HEAD,
  HEADER,
  `X-Long: ${'x'.repeat(5_000)}\r\n`,
  'x'.repeat(4_096),
  '\r\n',
  '\0\x01\x02\xff',
  '\x15\x03\x03\x00\x02\x02\x28',
  `${WORDS}\r\n\r\n`,
];

/** An act that chance makes up: mostly of whole messages, now and then cut somewhere. */
export function anyAct(random: Random): Act {
  const says = Array.from({ length: random.int(0, 5) }, () => {
    const saying = random.pick(SAYINGS);
    return random.chance(0.2) ? saying.slice(0, random.int(0, saying.length)) : saying;
  });
  return {
    at: random.chance(0.5) ? 'request' : random.pick(MOMENTS),
    says,
    slowly: random.chance(0.15),
    ends: random.pick(ENDINGS),
  };
}

/** A server on 127.0.0.1 that speaks TLS, unless there is no authority for it, and meets each connection with an act. */
export async function startActor(authority: Authority | undefined, act: Act) {
  const sockets = new Set<Socket>();
  let met = 0;
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const server = net.createServer({ allowHalfOpen: true }, (raw) => {
    track(raw);
    met++;
    if (act.at === 'connection') {
      raw.resume();
      return void perform(raw, act, raw);
    }
    const socket = authority ? secured(raw, authority) : raw;
    if (socket !== raw) track(socket);
    let got = '';
    let acted = false;
    const actOnce = () => {
      if (!acted) void perform(socket, act, raw);
      acted = true;
    };
    socket.on('data', (chunk: Buffer) => {
      if (acted) return;
      got += chunk.toString('latin1');
      const end = got.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(got)?.[1] ?? 0);
      if (act.at === 'head' || got.length >= end + 4 + length) actOnce();
    });
    if (act.at === 'handshake') socket.once('secure', actOnce);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: authority ? `https://hooks.example:${port}/` : `http://127.0.0.1:${port}/`,
    /** Connections that were made. */
    get met() {
      return met;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const secured = (raw: Socket, { key, cert }: Authority) =>
  new tls.TLSSocket(raw, { isServer: true, key, cert, allowHalfOpen: true } as tls.TLSSocketOptions);

async function perform(socket: Socket, { says, slowly, ends }: Act, raw: Socket): Promise<void> {
  const say = async (text: string) => {
    const bytes = Buffer.from(text, 'latin1');
    const step = slowly ? 1 : bytes.length;
    for (let at = 0; at < bytes.length && !socket.destroyed; at += step) {
      const more = socket.write(bytes.subarray(at, at + step));
      if (slowly || !more) await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  for (const text of says) await say(text);
  const last = says.at(-1) || ' ';
  while (ends === 'repeats' && !socket.destroyed) {
    await say(last);
    await new Promise(setImmediate);
  }
  if (ends === 'half closes') socket.end();
  if (ends === 'closes') socket.destroy();
  if (ends === 'resets') raw.resetAndDestroy();
}
