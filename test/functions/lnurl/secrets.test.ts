import { afterAll, beforeAll, expect, test } from 'vitest';
import { openapiDocument } from '../../../functions/public/api/openapi.ts';
import { publicApp } from '../../../functions/public/app.ts';
import { readFeed, readTip } from '../../../shared/ledger/index.ts';
import { BASE_URL, openStage, type Stage, until } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.startConnector().live();
});
afterAll(() => stage.close());

test('a paid invoice’s preimage, hash and verify address are in no public answer but verify’s own', async () => {
  const { ledger, clock } = stage;
  const { pr, verify } = await stage.callback('amount=2100000&comment=Great%20post');
  const verifyPath = new URL(verify).pathname;
  const { attempts, paymentHash } = await stage.pay(pr);
  const preimage = Buffer.from(attempts[0]!.preimage!).toString('hex');
  await until(async () => (await stage.get(verifyPath)).settled);
  const tip = (await readTip(ledger, paymentHash))!;
  expect(tip.preimage).toBe(preimage);

  const publicSide = publicApp({
    ledger,
    clock,
    reads: 'each',
    openapi: openapiDocument(),
    baseUrl: BASE_URL,
  });
  const amp = await until(async () => {
    const answer = await publicSide.request('/v1/creators/alice/invoice');
    return answer.status === 200 && ((await answer.json()) as { paymentAddr: string });
  });
  const paths = Object.keys(openapiDocument().paths).flatMap((path) => {
    const filled = path.replace('{handle}', 'alice');
    return [
      filled.replace('{setId}', paymentHash).replace('{paymentAddr}', tip.paymentAddr),
      filled.replace('{setId}', preimage).replace('{paymentAddr}', amp.paymentAddr),
    ];
  });
  const [inFeed] = (await readFeed(ledger, 'alice', { limit: 1 })).tips;
  expect(inFeed?.setId).toBe(paymentHash);
  const { tips } = (await (await publicSide.request('/v1/creators/alice/tips')).json()) as {
    tips: { id: string; message: string }[];
  };
  expect(tips).toMatchObject([{ amountMsat: '2100000', message: 'Great post' }]);

  const answers = [
    ...[...new Set(paths), `/v1/tips/${tips[0]!.id}`, '/v1/creators/alice/qr.svg?code=any'].map(
      (path) => [path, publicSide] as const,
    ),
    ...[
      '/.well-known/lnurlp/alice',
      '/.well-known/lnurlp/alice/callback?amount=1000',
      `/lnurl/verify/${paymentHash}`,
      `/lnurl/verify/${tips[0]!.id}`,
      `/lnurl/verify/${tip.paymentAddr.slice(0, 22)}`,
    ].map((path) => [path, stage.app] as const),
  ];
  expect(answers.length).toBeGreaterThan(15);
  const id = verifyPath.split('/').at(-1)!;
  for (const [path, app] of answers) {
    const response = await app.request(path);
    const text = (await response.text()) + JSON.stringify([...response.headers]);
    const secrets = { preimage, paymentHash, id, pr };
    for (const [name, secret] of Object.entries(secrets)) {
      // An address may be repeated to who asked for it.
      if (path.includes(secret)) continue;
      expect(text.includes(secret), `${name} at ${path}`).toBe(false);
    }
    expect(text.replaceAll(path, '').includes(preimage), path).toBe(false);
  }
  expect((await publicSide.request(`/v1/tips/${paymentHash}`)).status).toBe(404);
  expect(JSON.stringify(await stage.get(verifyPath))).toContain(preimage);
});

test('an answer is kept by nobody, and its address is passed on to nobody', async () => {
  const { verify } = await stage.callback('amount=1000');
  for (const path of ['/.well-known/lnurlp/alice/callback?amount=1000', new URL(verify).pathname]) {
    const { headers } = await stage.app.request(path);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('set-cookie')).toBeNull();
  }
});
