import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST_REPLAYED } from '../../../functions/manage/replay.ts';
import { BOUNDS } from '../../../functions/webhooks/dispatcher.ts';
import { BACKOFF_MS, MOST_REST_MS, OFF_AFTER_MS } from '../../../functions/webhooks/policy.ts';
import { DEADLINE_MS, poster } from '../../../functions/webhooks/post.ts';
import { signed } from '../../../functions/webhooks/sign.ts';
import { DELIVERY_STATES, DELIVERY_TYPES } from '../../../shared/ledger/deliveries.ts';
import { MOST_WEBHOOKS, OLD_SECRET_MS } from '../../../shared/ledger/index.ts';
import { eventOf, tipOf } from './stage.ts';

const text = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8');
const page = text.replace(/\s+/g, ' ');
const HOUR = 3_600_000;

const inWords = (ms: number) =>
  ms < 60_000 ? `${ms / 1000} s` : ms < HOUR ? `${ms / 60_000} min` : `${ms / HOUR} h`;

describe('docs/webhooks.md', () => {
  test('says what comes after which wait', () => {
    const waits = BACKOFF_MS.slice(0, 9).map(inWords).join(', ');
    expect(BACKOFF_MS.slice(9).map(inWords)).toEqual(['12 h', '12 h', '12 h', '12 h', '8 h']);
    expect(page).toContain(`after ${waits}, four times 12 h and 8 h,`);
    expect(page).toContain(`${BACKOFF_MS.length + 1} tries over three days`);
  });

  test('names each type and each state', () => {
    for (const name of [...DELIVERY_TYPES, ...DELIVERY_STATES]) expect(page).toContain(`| \`${name}\` `);
  });

  test.each([
    ['endpoints of a creator', MOST_WEBHOOKS],
    ['a try, from DNS to the end of the answer', `${DEADLINE_MS / 1000} s`],
    ['`Retry-After`', `${MOST_REST_MS / HOUR} h at most`],
    ['at once, of one endpoint', `${BOUNDS.perEndpoint}; ${BOUNDS.perSlowEndpoint} while`],
    ['at once, of all endpoints of a creator', `${BOUNDS.perCreator}, and ${BOUNDS.perSlowCreator} that`],
    ['switched off after', `${OFF_AFTER_MS / HOUR / 24} days`],
    ['old secret', `${OLD_SECRET_MS / HOUR} h`],
    ['replay', `${MOST_REPLAYED.toLocaleString('en')} sequence`],
  ])('has the limit of %s', (what, limit) => {
    expect(page).toContain(`| ${what} | ${limit}`);
  });
});

describe('the receiver of docs/webhooks.md', () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  let receiver: ChildProcess;
  let url: string;
  beforeAll(async () => {
    const example = /```js\n(.*?)```/s.exec(text)![1]!;
    const code = example.replace(
      '.listen(3000)',
      `.listen(0, '127.0.0.1', function () { process.send(this.address().port); });
      async function remember(...event) { process.send(event); }`,
    );
    receiver = spawn(process.execPath, ['--input-type=module', '-e', code], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      env: { ...process.env, AMPJAR_SECRET: secret },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [port] = await once(receiver, 'message');
    url = `http://localhost:${port}/`;
  });
  afterAll(() => void receiver.kill());

  const event = eventOf(tipOf(1, { message: 'Grüße ☕' }));
  const send = (secrets: string[]) => {
    const body = JSON.stringify(event);
    const headers = signed(secrets, event.id, new Date(), body);
    return poster({ allowLoopback: true })({ url, headers, body }, new AbortController().signal);
  };
  const another = () => `whsec_${randomBytes(32).toString('base64')}`;

  test.each([
    ['its secret', () => [secret]],
    ['its secret and one that replaces it', () => [another(), secret]],
  ])('believes what is signed by %s', async (_, secrets) => {
    const remembered = once(receiver, 'message');
    expect(await send(secrets())).toMatchObject({ status: 204 });
    const [told] = await remembered;
    expect(told).toEqual([event.id, event.data]);
  });

  test('believes nothing else', async () => {
    expect(await send([another()])).toMatchObject({ status: 400 });
  });
});
