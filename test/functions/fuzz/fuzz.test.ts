import { afterEach, beforeEach, expect, test } from 'vitest';
import { documentOf } from '../../../functions/manage/document.ts';
import { openapiDocument } from '../../../functions/public/api/openapi.ts';
import { openStage, type Stage } from '../manage/stage.ts';
import { NOW } from '../public/jar.ts';
import { openSite } from '../public/site.ts';
import { schemathesis } from './schemathesis.ts';
import { serving } from './served.ts';

/** Of each API; `npm test` should not wait longer. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 25);

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

test('the creator’s API answers any request as its document says, and none with a fault of its own', async () => {
  const served = await serving(stage.app.fetch);
  try {
    const { code, printed } = await schemathesis({
      url: served.url,
      document: documentOf(),
      seconds: SECONDS,
      headers: { Authorization: `Bearer ${stage.keys.operator.token}` },
      known: {
        'path.handle': ['alice', 'bob', 'dora'],
        'query.handle': ['alice', 'bob'],
        'path.optionId': [stage.coffee.optionId, stage.open.optionId],
        'path.setId': [stage.tips[0]!.setId, stage.tips[1]!.setId],
        'path.endpointId': [stage.webhooks.alice.id, stage.webhooks.bob.id],
        'path.keyId': [stage.keys.bob.key.id, stage.keys.aliceReads.key.id],
        'header.If-Match': ['*', '"1"'],
        'body.url': ['https://shop.example/hook'],
      },
      without: WITHOUT,
    });
    expect(stage.problems).toEqual([]);
    expect(code, printed).toBe(0);
  } finally {
    await served.close();
  }
});

test('the public API answers any request as its document says, and none with a fault of its own', async () => {
  const site = openSite(stage.ledger, NOW);
  const served = await serving(site.site.fetch);
  try {
    const { code, printed } = await schemathesis({
      url: served.url,
      document: openapiDocument(),
      seconds: SECONDS,
      known: {
        // Not Erin: that her invoice is still being made is a 503, and meant to be.
        'path.handle': ['alice', 'bob', 'carol', 'dora'],
        'query.option': [stage.coffee.optionId],
        'path.setId': [stage.tips[0]!.setId],
        'path.paymentAddr': [stage.open.paymentAddr],
        'path.option': [stage.coffee.optionId],
        'query.amount': ['1000', '3000000'],
      },
      // A stream doesn't end; the widget is files, which S3 answers for on AWS.
      leaving: ['/v1/creators/{handle}/live', '/widget.js', '/widget/{file}'],
      without: {
        ...WITHOUT,
        negative_data_rejection:
          'another spelling is redirected, and LNURL tells errors with status 200 (LUD-06)',
      },
    });
    expect(site.faults).toEqual([]);
    expect(code, printed).toBe(0);
  } finally {
    site.close();
    await served.close();
  }
});

const WITHOUT = {
  positive_data_acceptance: 'a good request may still meet what is not there, is taken, or was changed',
};
