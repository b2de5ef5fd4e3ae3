import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, length]), payload]);
  const head = Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff]);
  if (length > 0xffff) throw new Error(`a message of ${length} bytes is more than this server sends`);
  return Buffer.concat([head, payload]);
}

/** The first frame of some bytes, with what follows it; undefined if it isn't all there. */
function unframe(bytes: Buffer): { opcode: number; payload: Buffer; rest: Buffer } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const maskAt = short === 126 ? 4 : 2;
  if (short === 127 || !(bytes[1]! & 0x80)) throw new Error('a frame that browsers do not send here');
  if (bytes.length < maskAt + 4) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  const start = maskAt + 4;
  if (bytes.length < start + length) return undefined;
  const mask = bytes.subarray(maskAt, start);
  const payload = Buffer.from(bytes.subarray(start, start + length)).map((byte, at) => byte ^ mask[at % 4]!);
  return { opcode: bytes[0]! & 0xf, payload: Buffer.from(payload), rest: bytes.subarray(start + length) };
}

/** One side of a WebSocket. */
export interface WebSocketEnd {
  send(message: object): void;
  /** End as a network does that breaks. */
  cut(): void;
}

/**
 * Accept a WebSocket with a subprotocol: enough of RFC 6455 for short, unfragmented text messages of JSON.
 * @param hear hears of each message
 */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  protocol: string,
  { hear, closed }: { hear: (message: Record<string, unknown>) => void; closed: () => void },
): WebSocketEnd {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  );
  let waiting: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    waiting = Buffer.concat([waiting, bytes]);
    for (let next = unframe(waiting); next; next = unframe(waiting)) {
      waiting = next.rest;
      if (next.opcode === TEXT) hear(JSON.parse(next.payload.toString()));
      else if (next.opcode === PING) socket.write(frame(PONG, next.payload));
      else if (next.opcode === CLOSE) socket.end(frame(CLOSE, next.payload));
    }
  });
  socket.on('error', () => {});
  socket.once('close', closed);
  return {
    send: (message) => {
      if (socket.writable) socket.write(frame(TEXT, Buffer.from(JSON.stringify(message))));
    },
    cut: () => socket.destroy(),
  };
}
