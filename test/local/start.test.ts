import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const data = mkdtempSync(join(tmpdir(), 'ampjar-start-'));
const command = (name: string, args: string[]) => ['--import', 'tsx', 'cli/main.ts', 'dev', name, ...args];
const run = promisify(execFile);
const tip = (...args: string[]) => run(process.execPath, command('tip', args));

let child: ChildProcess;
let url: string;

/** Start it and wait for the address that it prints. */
async function start() {
  child = spawn(process.execPath, command('start', ['--port', '0', '--data', data]), {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const started = child;
  url = await new Promise<string>((resolve, reject) => {
    let printed = '';
    started.stdout!.on('data', (chunk) => {
      printed += chunk;
      const found = /API +(http:\/\/127\.0\.0\.1:\d+)/.exec(printed)?.[1];
      if (found) resolve(found);
    });
    started.once('exit', () => reject(new Error(`npm start ended: ${printed}`)));
  });
}

/** What these tests read of the answers. */
interface Answer {
  tips: { amountMsat: string; message?: string }[];
  count: string;
  amountMsat: string;
}

/** Ask again until the answer fits; the time limit of the test ends it. */
async function until(path: string, fits: (body: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const body = (await (await fetch(url + path)).json()) as Answer;
    if (fits(body)) return body;
  }
}

/** Read what is sent until it holds a text. */
async function textUntil(answer: Response, wanted: string): Promise<string> {
  let sent = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    sent += chunk;
    if (sent.includes(wanted)) return sent;
  }
  throw new Error(`it ended without ${wanted}: ${sent}`);
}

const killed = (signal: NodeJS.Signals) =>
  new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill(signal);
  });

beforeAll(async () => {
  await start();
  await until('/v1/creators/alice/invoice', (body) => 'paymentRequest' in body);
});

afterAll(async () => {
  await killed('SIGTERM');
  rmSync(data, { recursive: true });
});

describe('npm start', () => {
  it('lets anyone tip alice with real shards, and shows the tip in her feed', async () => {
    const { stdout } = await tip('alice', '2100', 'Great post', '--shards', '3', '--url', url);
    const setId = /set id +([0-9a-f]{64})/.exec(stdout)?.[1];
    expect(stdout.match(/^shard .* sat$/gm)).toHaveLength(3);
    const { tips } = await until('/v1/creators/alice/tips', (body) => body.tips.length === 1);
    expect(tips).toMatchObject([{ amountMsat: '2100000', message: 'Great post' }]);
    expect(JSON.stringify(tips)).not.toContain(setId);
    const own = await (await fetch(`${url}/v1/tips/${setId}`)).json();
    expect(own).toMatchObject({ setId, amountMsat: '2100000' });
  });

  it('takes several tips at once, and keeps all of it over kill -9', async () => {
    await Promise.all([1, 2, 3].map((each) => tip('alice', String(each), '--url', url)));
    await until('/v1/creators/alice/totals', (body) => body.count === '4');
    await killed('SIGKILL');
    await start();
    await tip('alice', '4', '--url', url);
    const totals = await until('/v1/creators/alice/totals', (body) => body.count === '5');
    expect(totals).toMatchObject({ amountMsat: '2110000' });
  });

  it('lets anyone tip her by Lightning Address, with an invoice of their own and a proof', async () => {
    const address = `alice@${new URL(url).host}`;
    const { stdout } = await tip(address, '7', 'by address');
    const [, verify] = /verify +(\S+)/.exec(stdout)!;
    const [, preimage] = /preimage +([0-9a-f]{64})/.exec(stdout)!;
    const { tips } = await until('/v1/creators/alice/tips', ({ tips }) => tips[0]?.message === 'by address');
    expect(tips[0]).toMatchObject({ amountMsat: '7000' });
    expect(await (await fetch(verify!)).json()).toMatchObject({ status: 'OK', settled: true, preimage });
    await expect(tip(address, '100000001')).rejects.toMatchObject({ code: 2 });
    await expect(tip(`nobody@${new URL(url).host}`, '7')).rejects.toMatchObject({ code: 1 });
  });

  it('is found by the tip command where AMPJAR_URL says', async () => {
    const args = command('tip', ['alice', '6']);
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, AMPJAR_URL: url } });
    expect(stdout).toMatch(/^set id /);
    const elsewhere = run(process.execPath, args, {
      env: { ...process.env, AMPJAR_URL: 'http://127.0.0.1:1' },
    });
    await expect(elsewhere).rejects.toMatchObject({
      stderr: 'ampjar: --url, AMPJAR_URL: nothing answers at http://127.0.0.1:1; is npm start running?\n',
    });
  });

  it('has the widget for pages of other sites', async () => {
    const loader = await (await fetch(`${url}/widget.js`)).text();
    const [, path] = /^import '\.(\/widget\/[0-9a-f]+\.js)';$/m.exec(loader)!;
    expect(await (await fetch(url + path)).text()).toContain('tip-jar');
    const { live } = (await (await fetch(`${url}/v1/creators/alice`)).json()) as { live: string };
    expect(live).toBe('sse');
  });

  it('tells open pages and webhooks of a tip, and lets the key in its folder see to them', async () => {
    const posted = new EventEmitter();
    const receiver = createServer(async (request, response) => {
      posted.emit('post', request.headers, await text(request));
      response.end();
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const { port } = receiver.address() as AddressInfo;
    const key = readFileSync(join(data, 'operator.key'), 'utf8').trim();
    const answer = await fetch(`${url}/v1/manage/creators/alice/webhooks`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'idempotency-key': 'the-first-one',
      },
      body: JSON.stringify({ url: `http://127.0.0.1:${port}/tips` }),
    });
    expect(answer.status).toBe(201);
    const { secret } = (await answer.json()) as { secret: string };

    const page = await fetch(`${url}/v1/creators/alice/live`);
    const shown = textUntil(page, '"amountMsat":"12000"');
    const heard = once(posted, 'post');
    const { stdout } = await tip('alice', '12', 'for all to see', '--url', url);
    const [headers, body] = await heard;
    const event = new Webhook(secret).verify(body, headers) as { id: string; data: object };
    expect(event.id).toBe(`tip_settled_${/set id +([0-9a-f]{64})/.exec(stdout)?.[1]}`);
    expect(event.data).toMatchObject({ amountMsat: '12000', message: 'for all to see' });
    expect(await shown).toContain('"message":"for all to see"');
    receiver.close();
  });

  it.each([
    [['alice', '0']],
    [['alice', '-5']],
    [['alice', '1.5']],
    [['alice', 'NaN']],
    [['alice', '2100000000000001']],
    [['alice', '5', '--shards', '101']],
    [['alice']],
  ])('refuses %j with exit code 2', async (args) => {
    await expect(tip(...args, '--url', url)).rejects.toMatchObject({ code: 2 });
  });

  it('says in one line that its folder is in use', async () => {
    const second = run(process.execPath, command('start', ['--port', '0', '--data', data]));
    await expect(second).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('in use') });
  });
});
