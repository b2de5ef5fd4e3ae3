import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServed, type Served } from './stage.ts';

let served: Served;
beforeAll(async () => {
  served = await openServed();
});
afterAll(() => served.close());

/** Run a command that succeeds. */
async function tell(line: string, env: Record<string, string> = {}) {
  const { code, out, err } = await served.ampjar(line, env);
  expect({ line, code, err: code === 0 ? '' : err }).toEqual({ line, code: 0, err: '' });
  return { out, err };
}
const json = async (line: string, env: Record<string, string> = {}) => {
  const { out } = await tell(`${line} --json`, env);
  expect(out).toMatch(/^[^\n]+\n$/);
  return JSON.parse(out);
};
const asked = (method: string) => served.came.filter((each) => each.method === method);

describe('ampjar creators', () => {
  it('adds, shows, edits, closes and reopens a creator', async () => {
    const added = await json('creators add zoe --name "Zoë Z." --shows amounts');
    expect(added.creator).toMatchObject({
      handle: 'zoe',
      name: 'Zoë Z.',
      shows: 'amounts',
      status: 'active',
    });
    const { out } = await tell('creators edit zoe --minimum 1.5 --least 2 --most 100000');
    expect(out).toBe(`handle    zoe
name      Zoë Z.
status    active
shows     amounts
minimum   1.5 sat
invoices  2 to 100000 sat
since     2026-11-24 11:00:31Z
`);
    expect((await json('creators edit zoe --no-limits')).creator).toMatchObject({
      limits: null,
      minimumMsat: '1500',
    });
    expect((await json('creators close zoe')).creator.status).toBe('closed');
    expect((await json('creators reopen zoe')).creator.status).toBe('active');
    const shown = await json('creators show zoe');
    expect(Object.keys(shown)).toEqual(['creator', 'etag', 'invoices', 'totals']);
    expect(shown.totals.count).toBe('0');
  });

  it('lists creators over the pages, and says when there are more', async () => {
    const { out } = await tell('creators list');
    expect(out.split('\n')[0]).toMatch(/^HANDLE +NAME +STATUS +SHOWS +OPTIONS +SINCE$/);
    expect(out).toMatch(/^dora +Dora +closed +amounts +1 {2}2026-11-24 11:00:31Z$/m);
    const some = await tell('creators list --limit 2');
    expect(some.out.split('\n')).toHaveLength(4);
    expect(some.err).toBe('ampjar: there are more: --after bob, or a larger --limit\n');
    const { creators, next } = await json('creators list --after bob --limit 1');
    expect([creators.map(({ handle }: { handle: string }) => handle), next]).toEqual([['carol'], 'carol']);
  });

  it('shows a creator with their options, and what came in by each', async () => {
    const { out } = await tell('creators show alice');
    expect(out).toMatch(/^tips +25, together 9007199254765.286 sat$/m);
    expect(out).toMatch(/^OPTION +LABEL +SAT +INVOICE UNTIL +TIPS +SUM SAT$/m);
    expect(out).toMatch(/^\w{10} +Coffee +3000 +20\d\d-\d\d-\d\d [\d:]+Z +0 +0$/m);
  });

  it('changes a version alone when told which', async () => {
    const { etag } = await json('creators show bob');
    await tell(`creators edit bob --name B --if-match '${etag}'`);
    const { code, err } = await served.ampjar(`creators edit bob --name C --if-match '${etag}'`);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^ampjar: If-Match: it was changed since; .*; expected "\d+"\n$/),
    ]);
  });
});

describe('ampjar options', () => {
  it('adds, labels, lists, rotates and removes an option', async () => {
    const key = served.stage.keys.alice.token;
    const { id, amountMsat } = await json('options add --amount 12345 --label "A tea"', { key });
    expect(amountMsat).toBe('12345000');
    for (const amount of ['12.345', '0.001']) {
      const { code, err } = await served.ampjar(`options add --amount ${amount} --label "A tea"`, { key });
      expect([code, err]).toEqual([2, expect.stringMatching(/^ampjar: --amount: .* nearest (is|are) 1/)]);
    }
    const { code, err } = await served.ampjar('creators edit --least 1.5 --most 1.999', { key });
    expect([code, err]).toEqual([2, expect.stringMatching(/nearest are 1 to 1.999 and 1.5 to 2 sat\n$/)]);
    expect((await tell(`options label ${id} "Two teas"`, { key })).out).toBe(
      `option  ${id}\nlabel   Two teas\nsat     12345\n`,
    );
    const { out } = await tell('options list', { key });
    expect(out).toMatch(new RegExp(`^${id} +Two teas +12345 +being made$`, 'm'));
    const wants = served.stage.wants();
    expect((await json(`options rotate ${id}`, { key })).id).toBe(id);
    expect(served.stage.wants()).toBe(wants + 1);
    expect((await json(`options remove ${id}`, { key })).removed).toBe(id);
    expect((await tell('options list --creator alice')).out).not.toContain(id);
  });

  it('rotates all of a creator’s, and says which stay and why', async () => {
    served.stage.time.now += 61_000;
    expect((await json('rotate --creator alice')).refused).toEqual([]);
    served.stage.time.now -= 61_000;
    const { code, out } = await served.ampjar('rotate --creator alice');
    expect(code).toBe(1);
    expect(out).toMatch(/^\w{10} +Coffee +stays: optionId: the invoice is younger than a minute\.$/m);
  });
});

describe('ampjar tips', () => {
  it('lists tips newest first, in satoshi to the millisatoshi', async () => {
    const { out, err } = await tell('tips list --creator alice --limit 3');
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^TIP +SETTLED +SAT +OPTION +FROM +MESSAGE$/);
    expect(lines.slice(1).map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ['#25', '2026-11-24 10:44:16Z', '1.024'],
      ['#24', '2026-11-24 10:44:15Z', '1.023'],
      ['#23', '2026-11-24 10:44:14Z', '1.022'],
    ]);
    expect(err).toBe('ampjar: there are more: --before 23, or a larger --limit\n');
    expect((await json('tips list --creator alice --before 9 --limit 1')).tips[0].amountMsat).toBe(
      '9007199254740993',
    );
  });

  it('gathers pages to the limit', async () => {
    const { tips, next } = await json('tips list --limit 1000', { key: served.stage.keys.alice.token });
    expect([tips.length, next]).toEqual([25, null]);
  });

  it('shows and erases a tip by its number as by its set id', async () => {
    const key = served.stage.keys.alice.token;
    const { setId } = served.stage.tips[4]!;
    const { out } = await tell('tips show 5', { key });
    expect(out).toMatch(new RegExp(`^set id +${setId}$`, 'm'));
    expect(out).toMatch(/^from +Mallory <i>$/m);
    expect((await json('tips erase #5', { key })).message).toBeUndefined();
    expect((await tell(`tips show ${setId}`, { key })).out).not.toContain('Mallory');
    const { code, err } = await served.ampjar('tips show 999 --creator alice');
    expect([code, err]).toEqual([2, 'ampjar: TIP: alice has no tip #999\n']);
  });
});

describe('ampjar webhooks', () => {
  const key = () => served.stage.keys.alice.token;

  it('adds, lists, edits, shows, tests, replays to and removes an endpoint', async () => {
    const added = await tell(
      'webhooks add https://shop.example/hook --description "Shop server" --event tip.settled --event endpoint.disabled',
      { key: key() },
    );
    const [, id] = /^endpoint +(we_\S{22})$/m.exec(added.out)!;
    expect(added.out).toMatch(/^secret +whsec_[\w+/]{43}=$/m);
    expect(added.err).toBe(
      'ampjar: the secret is shown this once: the receiver verifies signatures with it\n',
    );
    const list = await tell('webhooks list', { key: key() });
    expect(list.out).toMatch(
      new RegExp(
        `^${id} +https://shop.example/hook +enabled +tip.settled, endpoint.disabled +Shop server$`,
        'm',
      ),
    );
    const edited = await json(`webhooks edit ${id} --to-url https://shop.example/b --disable`, {
      key: key(),
    });
    expect(edited.webhook).toMatchObject({ url: 'https://shop.example/b', status: 'disabled' });
    await tell(`webhooks edit ${id} --enable --event tip.settled`, { key: key() });
    expect((await tell(`webhooks show ${id}`, { key: key() })).out).toMatch(/^status +enabled$/m);
    expect((await json(`webhooks rotate-secret ${id}`, { key: key() })).webhook.secrets).toHaveLength(2);

    const test = await tell(`webhooks test ${id}`, { key: key() });
    expect(test.out).toMatch(/^a test event is on its way: delivery \S+\n$/);
    expect(await json(`webhooks replay ${id} --tip 7`, { key: key() })).toEqual({ queued: 1 });
    expect((await tell(`webhooks replay ${id} --after 10 --until 13`, { key: key() })).out).toBe(
      '3 deliveries are on the way\n',
    );
    const { setId } = served.stage.tips[0]!;
    expect(await json(`webhooks replay ${id} --event-id tip_settled_${setId}`, { key: key() })).toEqual({
      queued: 1,
    });
    const log = await tell(`webhooks deliveries ${id}`, { key: key() });
    expect(log.out.split('\n')[0]).toMatch(/^SINCE +STATE +TRIES +LAST ANSWER +NEXT TRY +EVENT$/);
    expect(log.out).toContain(`tip_settled_${setId}`);
    expect((await json(`webhooks deliveries ${id} --limit 2`, { key: key() })).deliveries).toHaveLength(2);

    expect((await tell(`webhooks remove ${id}`, { key: key() })).out).toBe(`removed ${id}\n`);
    expect((await json('webhooks list', { key: key() })).webhooks).toHaveLength(1);
  });
});

describe('ampjar events', () => {
  it('lists events from where one left off, each once, and says where to go on', async () => {
    await served.book({ amountMsat: 7_000n });
    await served.book({ amountMsat: 8_000n });
    const all = await json('events list --creator alice --limit 1000');
    expect(all).toMatchObject({ more: false });
    const first = await json('events list --creator alice --limit 1');
    expect(first).toMatchObject({ events: [all.events[0]], more: true });
    const rest = await json(`events list --creator alice --limit 1000 --after ${first.next}`);
    expect([...first.events, ...rest.events]).toEqual(all.events);
    const { out, err } = await tell(`events list --creator alice --after ${rest.next}`);
    expect([out, err]).toEqual([
      'TIP  SETTLED  SAT  EVENT\n',
      `ampjar: these are all by now: go on with --after ${rest.next}\n`,
    ]);
    const last = all.events.at(-1);
    const table = await tell('events list --creator alice --limit 1000');
    expect(table.out).toMatch(new RegExp(`^#${last.data.sequence} +\\S+ \\S+ +8 +${last.id}$`, 'm'));
  });
});

describe('ampjar keys', () => {
  it('makes a key that works, and revokes it', async () => {
    const { key, token } = await json('keys add --creator alice --scope read --name Overlay');
    expect(key).toMatchObject({ handle: 'alice', scope: 'read', name: 'Overlay' });
    expect((await tell('keys own', { key: token })).out).toMatch(/^of +alice$/m);
    expect((await tell('keys list', { key: token })).out).toMatch(
      new RegExp(`^${key.id} +Overlay +read`, 'm'),
    );
    expect((await json(`keys revoke ${key.id} --creator alice`)).revokedAt).not.toBeNull();
    const { code, err } = await served.ampjar('keys own', { key: token });
    expect([code, err]).toEqual([
      1,
      'ampjar: Authorization: the key is not one that holds; expected Bearer and an API key\n',
    ]);
  });

  it('makes and lists the operator’s keys with the operator’s', async () => {
    const { out, err } = await tell('keys add --scope write --name Second');
    expect(out).toMatch(/^of +the operator\n(?:.*\n)*key +ampjar_\w{36}\n$/m);
    expect(err).toBe('ampjar: the key is shown this once\n');
    expect((await json('keys list')).keys.length).toBeGreaterThanOrEqual(2);
    const [, id] = /^key id +(\S+)$/m.exec(out)!;
    expect((await json(`keys revoke ${id}`)).id).toBe(id);
  });
});

describe('each request', () => {
  it('carries the key as a bearer, a POST an idempotency key of its own, a change If-Match', async () => {
    served.meet();
    await tell('keys add --creator alice --scope read --name test-a');
    await tell('creators edit carol --name Carola');
    const { authorization, 'idempotency-key': name } = asked('POST')[0]!.headers;
    expect(authorization).toBe(`Bearer ${served.stage.keys.operator.token}`);
    expect(name).toMatch(/^[0-9a-f-]{36}$/);
    expect(asked('PATCH')[0]!.headers['if-match']).toBe('*');
  });
});
