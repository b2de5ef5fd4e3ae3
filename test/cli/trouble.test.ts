import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isToken, listKeys } from '../../shared/ledger/index.ts';
import { openServed, run, type Served, type Trouble, wordsOf } from './stage.ts';

let served: Served;
let dir: string;
beforeAll(async () => {
  served = await openServed();
  dir = await mkdtemp(join(tmpdir(), 'ampjar-cli-'));
});
afterAll(async () => {
  await served.close();
  await rm(dir, { recursive: true });
});
beforeEach(() => served.meet());

const problem = (status: number, kind: string, headers = {}) =>
  Response.json(
    { type: `urn:problem-type:ampjar:${kind}`, title: kind, status, detail: `It is ${kind}.` },
    { status, headers: { 'content-type': 'application/problem+json', ...headers } },
  );

/** Meets the first requests with these, and lets the others through. */
const first = (...answers: ReturnType<Trouble>[]) => served.meet(() => answers.shift());

const keysNamed = async (name: string) =>
  (await listKeys(served.stage.ledger, 'alice')).filter((key) => key.name === name);

describe('a request that is told to come back', () => {
  it('comes back after as long as it was told, and says so', async () => {
    first(problem(429, 'too-many-requests', { 'retry-after': '1' }));
    const began = performance.now();
    const { code, out } = await served.ampjar('keys own --json');
    expect([code, JSON.parse(out).scope]).toEqual([0, 'write']);
    expect(performance.now() - began).toBeGreaterThan(1000);
    expect(served.came).toHaveLength(2);
  });

  it('comes back after 503, and after another carries out the same, under one idempotency key', async () => {
    first(problem(503, 'table-unavailable'), problem(409, 'in-progress', { 'retry-after': '0' }));
    const { code } = await served.ampjar('keys add --creator alice --scope read --name test-back');
    expect([code, (await keysNamed('test-back')).length]).toEqual([0, 1]);
    expect(new Set(served.came.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(served.came).toHaveLength(3);
  });

  it('does what it asks for once, when the answer to it gets lost', async () => {
    first('lose the answer');
    const { code, out } = await served.ampjar(
      'keys add --creator alice --scope read --name test-lost --json',
    );
    expect([code, isToken(JSON.parse(out).token), (await keysNamed('test-lost')).length]).toEqual([
      0,
      true,
      1,
    ]);
  });

  it('counts a removal as done, when the answer to it gets lost', async () => {
    const { id } = served.stage.webhooks.alice;
    first('lose the answer');
    const { code, out } = await served.ampjar(`webhooks remove ${id} --creator alice`);
    expect([code, out]).toEqual([0, `removed ${id}\n`]);
    const { code: again, err } = await served.ampjar(`webhooks remove ${id} --creator alice`);
    expect([again, err]).toMatchObject([1, expect.stringContaining('endpointId')]);
  });

  it('says that a change of one version may be done, when the answer to it gets lost', async () => {
    const shown = await served.ampjar('creators show bob --json');
    first('lose the answer');
    const { code, err } = await served.ampjar(
      `creators edit bob --name Bobby --if-match '${JSON.parse(shown.out).etag}'`,
    );
    expect([code, err]).toEqual([1, expect.stringContaining('A try before got no answer')]);
  });

  it('gives up after five tries, or when it is told to wait for long', async () => {
    served.meet(() => problem(503, 'table-unavailable'));
    const { code, err } = await served.ampjar('keys own');
    expect([code, err, served.came.length]).toEqual([1, 'ampjar: It is table-unavailable.\n', 5]);
    served.meet(() => problem(429, 'too-many-requests', { 'retry-after': '3600' }));
    expect((await served.ampjar('keys own')).code).toBe(1);
    expect(served.came).toHaveLength(1);
  });
});

describe('a refusal', () => {
  it.each([
    [
      'tips list --creator nobody',
      /^ampjar: handle: there is no such creator within reach.*; expected the handle/,
    ],
    ['creators add alice --name Alice', /^ampjar: handle: "alice" is taken\.$/],
    ['creators add A --name Alice', /^ampjar: handle: "A" is not 2 to 30 lower case letters/],
    ['webhooks add http://a.example/ --creator alice', /^ampjar: url: "http:\/\/a.example\/" is not a URL/],
    [
      'options remove k7fq2mzt4x --creator alice',
      /^ampjar: optionId: alice has no such tip option; expected/,
    ],
    ['keys revoke key_0aB3dE6gH9jK2mN5', /^ampjar: keyId: the operator has no such key; expected/],
  ])('of %j is one line with field and expectation, and exit code 1', async (line, told) => {
    const { code, out, err } = await served.ampjar(line);
    expect([code, out]).toEqual([1, '']);
    expect(err.trimEnd()).toMatch(told);
    expect(err.trimEnd()).not.toContain('\n');
  });

  it('of a key that holds no more, or reads alone, tells no key', async () => {
    const unknown = `ampjar_${'0'.repeat(36)}`;
    const wrong = await served.ampjar('keys own', { key: unknown });
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('the key is not one that holds')]);
    expect(wrong.err).not.toContain(unknown);
    const { token } = served.stage.keys.aliceReads;
    const reads = await served.ampjar('options add --label A --amount 1', { key: token });
    expect([reads.code, reads.err]).toEqual([1, expect.stringContaining('scope write')]);
  });
});

describe('a place that is not the API', () => {
  it('is named, when nothing listens there', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => gone.once('listening', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const AMPJAR_URL = `http://127.0.0.1:${port}`;
    const { code, err } = await served.ampjar('keys own', { AMPJAR_URL });
    expect([code, err]).toEqual([1, `ampjar: no answer from ${AMPJAR_URL} (ECONNREFUSED)\n`]);
  });

  it.each([
    [
      'another page',
      () => new Response('<p>Hello', { headers: { 'content-type': 'text/html' } }),
      '200 text/html',
    ],
    ['an error of a proxy', () => new Response('<p>No', { status: 404 }), '404 text/plain'],
    ['a document of another kind', () => Response.json({ hello: 1 }), 'with an unexpected id'],
    [
      'a redirect, which the key does not follow',
      () => new Response(null, { status: 302, headers: { location: 'https://b.example/' } }),
      'with a redirect to https://b.example/',
    ],
  ])('is named, when it answers with %s', async (_, answer, told) => {
    served.meet(answer);
    const { code, err } = await served.ampjar('keys own');
    expect([code, err]).toEqual([1, expect.stringContaining(told)]);
    expect(err).toContain('which is not Ampjar’s API');
    expect(served.came).toHaveLength(1);
  });
});

describe('a command line that can’t be understood', () => {
  const token = `ampjar_${'a'.repeat(36)}`;
  it.each([
    ['', 'Usage: ampjar'],
    [
      'creator list',
      'command: "creator" is not one of creators, options, rotate, tips, webhooks, events, keys,',
    ],
    ['creators', 'creators: what to do is missing, expected one of list, add'],
    ['creators make', 'creators: "make" is not one of list, add'],
    ['creators add', 'creators add: HANDLE is missing'],
    ['creators add zoe', 'creators add: --name is missing, expected --name NAME'],
    ['creators list alice', 'creators list: "alice" is too much, expected no word'],
    ['creators list --follow', 'creators list: --follow has no meaning here'],
    ['creators list --limit none', '--limit: "none" is not a whole number from 1'],
    ['creators add zoe --name Z --shows all', '--shows: "all" is not one of nothing, amounts, messages'],
    ['creators edit zoe', 'creators edit: nothing to change'],
    ['creators edit zoe --least 1', '--least and --most: one needs the other'],
    ['creators edit zoe --minimum 0.0001', '--minimum: "0.0001" is not an amount in satoshi'],
    ['tips list --after 3', '--after: needs --follow'],
    ['tips list --follow --limit 3', '--follow: --before and --limit have no meaning with it'],
    ['tips show x', 'TIP: "x" is not a whole number'],
    ['webhooks replay we_1', 'expected one of --event-id, --tip, --after'],
    ['tips list --wrong', "Unknown option '--wrong'"],
    ['tips list', 'creator: missing; the operator’s key needs to be told whose'],
    ['completion tcsh', 'completion: expected one of bash, zsh, fish'],
    ['help sing', 'command: "sing" is not one of'],
    [`keys own --key ${token}`, '--key: a key is not given in the command line'],
    [`keys own --key=${token}`, '--key: a key is not given in the command line'],
    ['keys own --url ftp://a.example', '--url: not an http or https address'],
    ['keys own --url http://a.example', '--url: a.example is another machine, which takes https'],
    ['keys own --url https://user:word@a.example', '--url: not an http or https address'],
    ['keys own --key-file /nowhere/at/all', '--key-file /nowhere/at/all: can’t be read (ENOENT)'],
  ])('as %j is told in one line, with exit code 2', async (line, told) => {
    const { code, out, err } = await served.ampjar(line);
    expect([code, out, err]).toEqual([2, '', expect.stringContaining(told)]);
    if (line !== '') expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(err).not.toContain(token);
    expect(err).not.toContain('user:word');
  });
});

describe('the key', () => {
  it('is read from a file, which others should not be able to read', async () => {
    const file = join(dir, 'operator.key');
    await writeFile(file, `${served.stage.keys.operator.token}\n`, { mode: 0o600 });
    const line = `keys own --key-file ${file} --url ${served.url}`;
    const own = await run(wordsOf(line));
    expect([own.code, own.err]).toEqual([0, '']);
    const open = join(dir, 'open.key');
    await writeFile(open, served.stage.keys.operator.token, { mode: 0o644 });
    const { code, err } = await run(wordsOf(line.replace(file, open)));
    expect([code, err]).toEqual([0, expect.stringContaining('others on this machine may read it')]);
  });

  it.each([
    ['missing', undefined, 'key: missing, expected an API key in AMPJAR_KEY, or --key-file'],
    ['something else', 'hunter2', 'AMPJAR_KEY: not an API key, which is ampjar_ and 36 letters or digits'],
  ])('that is %s goes nowhere, and is not told', async (_, AMPJAR_KEY, told) => {
    const { code, err } = await run(['keys', 'own'], { AMPJAR_URL: served.url, AMPJAR_KEY });
    expect([code, err, served.came]).toEqual([2, expect.stringContaining(told), []]);
    expect(err).not.toContain('hunter2');
  });
});
