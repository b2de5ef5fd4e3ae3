import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { poster } from '../../../functions/webhooks/post.ts';
import { bounded } from '../../../shared/concurrency/bounded.ts';
import { Random } from '../../faults/random.ts';
import {
  type Act,
  ANSWER,
  anyAct,
  CHUNK,
  CHUNKED,
  HEAD,
  HEADER,
  INFORMATION,
  SWITCH,
  startActor,
  WORDS,
} from './anySocket.ts';
import { type Authority, makeAuthority } from './receiver.ts';

const DEADLINE_MS = 400;
/** For what ends by itself, on a busy machine too. */
const FAR_MS = 50_000;
const SEEDS = 300;
const AT_ONCE = 12;

let authority: Authority;
/** Sockets of the poster. */
const sockets: Socket[] = [];
const onRequest = (message: unknown) => {
  const { request } = message as { request: ClientRequest };
  request.once('socket', (socket) => void sockets.push(socket));
};
beforeAll(async () => {
  authority = await makeAuthority();
  subscribe('http.client.request.start', onRequest);
});
afterAll(() => void unsubscribe('http.client.request.start', onRequest));

/**
 * Post to a receiver for each act. What came of each, or `late`: its exchange was under way when a timer ended that was set after
 * its deadline's, for longer. That is an order of events, so that it holds on a machine of any speed.
 */
async function playAll(acts: readonly Act[], { body = '{}', deadlineMs = DEADLINE_MS } = {}) {
  const answers = new Map<Act, object | 'late'>();
  await bounded(AT_ONCE, acts, async (act) => {
    const actor = await startActor(authority, act);
    const post = poster({
      allowLoopback: true,
      resolve: async () => ['127.0.0.1'],
      ca: authority.ca,
      deadlineMs,
    });
    const stop = new AbortController();
    const posted = post({ url: actor.url, headers: {}, body }, stop.signal);
    // Behind whatever other timer had ended by then, too.
    const ended = new AbortController();
    const late = setTimeout(deadlineMs + 50, undefined, ended).then(() => setImmediate('late' as const));
    answers.set(act, await Promise.race([posted, late]));
    ended.abort();
    await late.catch(() => {});
    await actor.stop();
  });
  return answers;
}

/** What holds whatever a receiver does. */
function expectEnded(answers: Map<Act, object | 'late'>, acts: readonly Act[]) {
  expect(acts.filter((act) => answers.get(act) === 'late')).toEqual([]);
  for (const answer of answers.values()) {
    expect(Object.keys(answer).filter((key) => key === 'status' || key === 'error')).toHaveLength(1);
    expect(JSON.stringify(answer)).not.toContain(WORDS);
  }
  expect(sockets.filter(({ destroyed }) => !destroyed)).toEqual([]);
}

const at = 'request';
const NAMED: [name: string, act: Act, answer: object][] = [
  ['changes the protocol', { at, says: [SWITCH], ends: 'is silent' }, { status: 101 }],
  ['changes the protocol and resets', { at, says: [SWITCH], ends: 'resets' }, { status: 101 }],
  ['changes the protocol over and over', { at, says: [SWITCH], ends: 'repeats' }, { status: 101 }],
  ['changes the protocol before it was asked', { at: 'handshake', says: [SWITCH], ends: 'closes' }, {}],
  ...INFORMATION.flatMap((text): [string, Act, object][] => {
    const name = text.slice(9, 12);
    return [
      [`says ${name} and then answers`, { at, says: [text, ANSWER], ends: 'is silent' }, { status: 200 }],
      [
        `says ${name} and no more`,
        { at, says: [text], ends: 'is silent' },
        { error: `no answer within ${DEADLINE_MS} ms` },
      ],
      [`says ${name} without end`, { at, says: [text], ends: 'repeats' }, { error: expect.any(String) }],
    ];
  }),
  ['answers', { at, says: [ANSWER], ends: 'is silent' }, { status: 200 }],
  ['answers twice', { at, says: [ANSWER, ANSWER], ends: 'is silent' }, { status: 200 }],
  ['answers before the request ends', { at: 'handshake', says: [ANSWER], ends: 'is silent' }, {}],
  ['has a body without end', { at, says: [CHUNKED, CHUNK], ends: 'repeats' }, { status: 200 }],
  ['has a body that stops', { at, says: [CHUNKED, CHUNK], ends: 'is silent' }, { status: 200 }],
  ['has headers without end', { at, says: [HEAD, HEADER], ends: 'repeats' }, { error: expect.any(String) }],
  [
    'has headers that stop',
    { at, says: [HEAD, HEADER], ends: 'is silent' },
    { error: `no answer within ${DEADLINE_MS} ms` },
  ],
  ['sends a byte at a time', { at, says: [HEAD, HEADER], slowly: true, ends: 'repeats' }, {}],
  ...(['connection', 'handshake', 'head', 'request'] as const).flatMap((moment): [string, Act, object][] => [
    [
      `is silent after the ${moment}`,
      { at: moment, says: [], ends: 'is silent' },
      { error: `no answer within ${DEADLINE_MS} ms` },
    ],
    ...(['half closes', 'closes', 'resets'] as const).map((ends): [string, Act, object] => [
      `${ends} after the ${moment}`,
      { at: moment, says: [], ends },
      { error: expect.any(String) },
    ]),
  ]),
];

describe('an exchange ends by its deadline, and no socket is left', () => {
  test.each(NAMED)('with a receiver that %s', async (_, act, answer) => {
    const deadlineMs = 'status' in answer ? FAR_MS : DEADLINE_MS;
    const answers = await playAll([act], { deadlineMs });
    expectEnded(answers, [act]);
    expect(answers.get(act)).toMatchObject(answer);
  });

  test.each(['is silent', 'half closes', 'closes', 'resets'] as const)(
    'with one that %s at each byte of an answer',
    async (ends) => {
      const acts = Array.from({ length: ANSWER.length + 1 }, (_, length): Act => {
        return { at, says: [ANSWER.slice(0, length)], ends };
      });
      expectEnded(await playAll(acts), acts);
    },
  );

  test(`with one that does anything, in each of ${SEEDS} seeds`, async () => {
    const acts = Array.from({ length: SEEDS }, (_, seed) => anyAct(new Random(String(seed))));
    expectEnded(await playAll(acts, { body: 'x'.repeat(60_000) }), acts);
  });
});
