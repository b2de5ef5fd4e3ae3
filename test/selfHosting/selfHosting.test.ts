import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { LightningAddress } from '@getalby/lightning-tools/lnurl';
import * as lnurlPay from 'lnurl-pay';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CALLS } from '../../connector/lnd/client.ts';
import { type DevNode, startDevNode } from '../../local/node/index.ts';
import { until } from '../connector/jar.ts';
import { freePorts } from '../regtest/harness/ports.ts';
import { PROXIES, type RunningProxy, startProxy } from './proxies.ts';
import { certificates, DOMAIN, ORIGIN, visitor } from './visit.ts';

const dir = mkdtempSync(join(tmpdir(), 'ampjar-self-hosting-'));
const data = join(dir, 'data');

let nodes: { jar: DevNode; payer: DevNode };
let child: ChildProcess;
let upstream: number;
/** What it said, and how it ended. */
let said = '';

beforeAll(async () => {
  const shared = { network: 'regtest', clock: Date.now, random: randomBytes } as const;
  const jar = await startDevNode({ ...shared, dir: join(dir, 'jar'), alias: 'jar' });
  const payer = await startDevNode({ ...shared, dir: join(dir, 'payer'), alias: 'payer', peers: [jar] });
  nodes = { jar, payer };
  const macaroon = join(dir, 'ampjar.macaroon');
  writeFileSync(macaroon, jar.bakeMacaroon(CALLS));
  const [port] = (await freePorts(1)) as [number];
  upstream = port;
  const args = [
    ...['--origin', ORIGIN, '--listen', `127.0.0.1:${port}`, '--data', data, '--loopback-webhooks'],
    ...['--lnd-host', jar.socket, '--lnd-cert', jar.certPath, '--lnd-macaroon', macaroon],
  ];
  child = spawn(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'dev', 'start', ...args]);
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk) => {
      said += chunk;
    });
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`npm start ended: ${said}`);
    return said.includes('"msg":"leading"');
  });
});
afterAll(async () => {
  if (child && child.exitCode === null) {
    child.kill('SIGTERM');
    await once(child, 'close');
  }
  await nodes?.payer.stop();
  await nodes?.jar.stop();
  rmSync(dir, { recursive: true });
});

describe.each(PROXIES)('npm start behind %s', (name) => {
  const handle = `${name}-alice`;
  let proxy: RunningProxy;
  /** As one client, and as another. */
  let visit: typeof fetch;
  let visitElse: typeof fetch;

  /** Ask the creators' API through the proxy, with the operator's key. */
  const manage = async (path: string, body: object) => {
    const key = readFileSync(join(data, 'operator.key'), 'utf8').trim();
    const answer = await visit(`${ORIGIN}/v1/manage/creators${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'idempotency-key': randomBytes(12).toString('hex'),
      },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(201);
    return (await answer.json()) as { secret: string };
  };
  const pay = async (paymentRequest: string, amountMsat?: bigint) => {
    const amp = amountMsat !== undefined;
    const paid = await nodes.payer.pay({ paymentRequest, amp, ...(amp && { amountMsat }) });
    expect(paid.status).toBe('SUCCEEDED');
    return paid.paymentHash;
  };
  const invoice = () =>
    until(async () => {
      const answer = await visit(`${ORIGIN}/v1/creators/${handle}/invoice.txt`);
      return answer.ok && (await answer.text()).trim();
    });

  beforeAll(async () => {
    const { authority, cert, key } = await certificates();
    const files = { cert: join(dir, `${name}.pem`), key: join(dir, `${name}.key`) };
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
    proxy = await startProxy(name, { ...files, dir: join(dir, name), upstream });
    const way = { port: proxy.https, ca: authority };
    const network = `127.0.${1 + PROXIES.indexOf(name)}`;
    visit = visitor({ ...way, from: `${network}.1` });
    visitElse = visitor({ ...way, from: `${network}.2` });
    await manage('', { handle, name: 'Alice', shows: 'messages' });
    await invoice();
  });
  afterAll(async () => {
    vi.unstubAllGlobals();
    await proxy?.stop();
  });

  it('names the origin in every address of every answer, whatever the request forwards', async () => {
    const forwarded = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': '81',
      forwarded: 'host=evil.example;proto=http',
    };
    for (const path of [
      `/@${handle}`,
      `/v1/creators/${handle}`,
      `/.well-known/lnurlp/${handle}`,
      `/@${handle}/overlay`,
      '/openapi.json',
      '/widget.js',
    ]) {
      const answer = await visit(ORIGIN + path, { headers: forwarded });
      expect([path, answer.status]).toEqual([path, 200]);
      const body = await answer.text();
      expect(body).not.toMatch(/127\.0\.0\.1|evil\.example|http:\/\/(?!www\.w3\.org)/);
      if (path.includes(handle) && !path.endsWith('overlay')) expect(body).toContain(DOMAIN);
    }
    const { lnurl } = (await (await visit(`${ORIGIN}/v1/creators/${handle}`)).json()) as { lnurl: string };
    expect(lnurlPay.utils.decodeUrlOrAddress(lnurl)).toBe(`${ORIGIN}/.well-known/lnurlp/${handle}`);
  });

  it('leads from http to https', async () => {
    const asking = get({
      host: '127.0.0.1',
      port: proxy.http,
      path: `/@${handle}`,
      headers: { host: DOMAIN },
      agent: false,
    });
    const [answer] = await once(asking, 'response');
    answer.resume();
    expect(answer.statusCode).toBe(308);
    expect(answer.headers.location.replace(`:${proxy.https}`, '')).toBe(`${ORIGIN}/@${handle}`);
  });

  it('passes tips on to open pages as they come', async () => {
    const abort = new AbortController();
    const live = await visit(`${ORIGIN}/v1/creators/${handle}/live`, { signal: abort.signal });
    expect(live.headers.get('content-type')).toMatch(/^text\/event-stream/);
    let heard = '';
    const hears = (async () => {
      for await (const chunk of live.body!.pipeThrough(new TextDecoderStream())) {
        heard += chunk;
        if (heard.includes('"amountMsat":"4321000"')) return;
      }
    })();
    await until(async () => heard.startsWith('retry:'));
    await pay(await invoice(), 4_321_000n);
    await hears;
    abort.abort();
  });

  it('is a Lightning Address that @getalby/lightning-tools pays and verifies', async () => {
    vi.stubGlobal('fetch', visit);
    const address = new LightningAddress(`${handle}@${DOMAIN}`, { proxy: false });
    await address.fetchLnurlData();
    expect(address.lnurlpData).toMatchObject({ identifier: `${handle}@${DOMAIN}`, domain: DOMAIN });
    const asked = await address.requestInvoice({ satoshi: 21, comment: 'by address' });
    expect(asked.verify).toMatch(`${ORIGIN}/lnurl/verify/`);
    expect(await asked.isPaid()).toBe(false);
    await pay(asked.paymentRequest);
    await until(() => asked.isPaid());
    vi.unstubAllGlobals();
  });

  it('is an LNURL that lnurl-pay asks for an invoice', async () => {
    const fetchGet = async ({ url, params }: { url: string; params?: Record<string, unknown> }) => {
      const whole = new URL(url);
      for (const [key, value] of Object.entries(params ?? {})) whole.searchParams.set(key, String(value));
      return (await visit(whole)).json();
    };
    const { lnurl } = (await (await visit(`${ORIGIN}/v1/creators/${handle}`)).json()) as { lnurl: string };
    const got = await lnurlPay.requestInvoice({
      lnUrlOrAddress: lnurl,
      tokens: lnurlPay.utils.toSats(123),
      fetchGet: fetchGet as never,
      validateInvoice: true,
    });
    expect(got).toMatchObject({ hasValidAmount: true, hasValidDescriptionHash: true });
    await pay(got.invoice);
  });

  it('posts webhooks, signed', async () => {
    const posted = new EventEmitter();
    const receiver = createServer(async (request, response) => {
      posted.emit('post', request.headers, await text(request));
      response.end();
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const { port } = receiver.address() as AddressInfo;
    const { secret } = await manage(`/${handle}/webhooks`, { url: `http://127.0.0.1:${port}/tips` });
    const heard = once(posted, 'post');
    await pay(await invoice(), 7_000n);
    const [headers, body] = await heard;
    const event = new Webhook(secret).verify(body, headers) as { data: object };
    expect(event.data).toMatchObject({ handle, amountMsat: '7000' });
    receiver.close();
  });

  it('counts a client as one, whatever it says that it forwards, and another as another', async () => {
    const callback = `${ORIGIN}/.well-known/lnurlp/${handle}/callback?amount=1`;
    const isRefused = async (asking: typeof fetch) => {
      const headers = { 'x-forwarded-for': `192.0.2.${randomBytes(1)[0]}`, 'x-real-ip': '192.0.2.1' };
      const { reason } = (await (await asking(callback, { headers })).json()) as { reason: string };
      return reason.includes('too many');
    };
    await until(() => isRefused(visitElse));
    expect(await isRefused(visit)).toBe(false);
  });

  it('has nothing that pays with play money', async () => {
    const answer = await visit(`${ORIGIN}/dev/payments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect([404, 405]).toContain(answer.status);
  });

  it('refuses what is larger than any request', async () => {
    const answer = await visit(`${ORIGIN}/v1/manage/creators`, { method: 'POST', body: 'x'.repeat(100_000) });
    expect(answer.status).toBe(413);
  });
});
