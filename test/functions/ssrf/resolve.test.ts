import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dns, type Resolve } from '../../../functions/ssrf/resolve.ts';
import { poster } from '../../../functions/webhooks/post.ts';

/** What the name server of these tests knows: addresses by name, 4 and 6; a name that is not here does not exist. */
const ZONE: Record<string, { a?: string[]; aaaa?: number[][] }> = {
  'both.example': { a: ['93.184.216.34', '93.184.216.35'], aaaa: [[0x2606, 0x4700, 0, 0, 0, 0, 0, 0x1111]] },
  'four.example': { a: ['93.184.216.34'] },
  'six.example': { aaaa: [[0x2606, 0x4700, 0, 0, 0, 0, 0, 0x1111]] },
  'none.example': {},
  'inside.example': { a: ['93.184.216.34', '10.0.0.7'] },
  'mapped.example': { aaaa: [[0, 0, 0, 0, 0, 0xffff, 0x7f00, 0x0001]] },
};

const nameIn = (question: Buffer) => {
  const labels: string[] = [];
  let at = 12;
  for (; question[at] !== 0; at += question[at]! + 1)
    labels.push(question.toString('latin1', at + 1, at + 1 + question[at]!));
  return { name: labels.join('.'), type: question.readUInt16BE(at + 1), end: at + 5 };
};

/** A resource record that points at the question's name (RFC 1035, 4.1.3). */
const recordOf = (type: number, data: Buffer) => {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
};

function answerTo(question: Buffer): Buffer {
  const { name, type, end } = nameIn(question);
  const known = ZONE[name];
  const records =
    type === 1
      ? (known?.a ?? []).map((address) => recordOf(1, Buffer.from(address.split('.').map(Number))))
      : (known?.aaaa ?? []).map((words) => {
          const data = Buffer.alloc(16);
          for (const [at, word] of words.entries()) data.writeUInt16BE(word, at * 2);
          return recordOf(28, data);
        });
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
  head.writeUInt16BE(records.length, 6);
  head.fill(0, 8, 12);
  return Buffer.concat([head, question.subarray(12, end), ...records]);
}

let server: Socket;
let silent = false;
let resolve: Resolve;
const going = new AbortController().signal;
beforeEach(async () => {
  silent = false;
  server = createSocket('udp4');
  server.on('message', (question, { port, address }) => {
    if (!silent) server.send(answerTo(question), port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  resolve = dns({ servers: [`127.0.0.1:${server.address().port}`], timeoutMs: 200 });
});
afterEach(() => void server.close());

describe('a name', () => {
  test.each([
    ['both.example', ['93.184.216.34', '93.184.216.35', '2606:4700::1111']],
    ['four.example', ['93.184.216.34']],
    ['six.example', ['2606:4700::1111']],
  ])('%s has all its addresses, of either family', async (name, addresses) => {
    expect(await resolve(name, going)).toEqual(addresses);
  });

  test.each([
    ['none.example', 'ENODATA'],
    ['unknown.example', 'ENOTFOUND'],
    // Known to the hosts file of about every machine.
    ['localhost', 'ENOTFOUND'],
  ])('%s has none: %s', async (name, code) => {
    await expect(resolve(name, going)).rejects.toMatchObject({ code });
  });

  test('whose server never answers ends in an error, or when it is broken off', async () => {
    silent = true;
    await expect(resolve('four.example', going)).rejects.toMatchObject({ code: 'ETIMEOUT' });
    const stop = new AbortController();
    const asked = dns({ servers: [`127.0.0.1:${server.address().port}`], timeoutMs: 60_000 })(
      'four.example',
      stop.signal,
    );
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: 'ECANCELLED' });
  });
});

describe('a webhook', () => {
  const send = (host: string) =>
    poster({ resolve })({ url: `https://${host}/`, headers: {}, body: '{}' }, going);

  test.each(['inside.example', 'mapped.example'])('for %s goes nowhere', async (host) => {
    expect(await send(host)).toMatchObject({
      error: expect.stringContaining('no address of the public internet'),
    });
  });

  test.each([
    ['unknown.example', 'the name is not known to DNS (ENOTFOUND)'],
    ['none.example', 'the name has no address in DNS (ENODATA)'],
  ])('for %s has failed', async (host, error) => {
    expect(await send(host)).toMatchObject({ error });
  });
});
