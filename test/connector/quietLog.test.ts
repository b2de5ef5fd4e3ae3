import { afterEach, beforeEach, expect, it } from 'vitest';
import { readTip } from '../../shared/ledger/index.ts';
import { memosOf } from './memos.ts';
import { MESSAGE, setIdOf } from './played.ts';
import { openStage, type Stage, until } from './stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
  stage.time.flow();
});
afterEach(() => stage.close());

it('a log tells of no payer’s words, set id or preimage, whatever becomes of a payment', async () => {
  const words = 'from me to you, in confidence';
  const paying = { records: new Map([[MESSAGE, Buffer.from(words)]]) };
  const first = stage.start();
  await first.live();
  const invoice = await stage.current();
  await until(() => stage.lnd.isListenedTo);
  const booked = stage.lnd.pay(invoice, paying);
  const again = stage.lnd.message(invoice, paying);
  again.amp_invoice_state = structuredClone(booked.amp_invoice_state);
  const spoiled = stage.lnd.message(invoice, paying);
  spoiled.htlcs[0].amp.root_share.fill(7);
  const unreadable = stage.lnd.message(invoice, paying);
  unreadable.htlcs[0].amt_msat = 'plenty';
  const memos = await memosOf(stage.ledger, stage.lnd.node);
  const { memo } = memos.write('alice', { optionId: 'aaaaaaaaaa' }, stage.time.clock());
  const strangers = stage.lnd.message(await stage.lnd.mint(memo), paying);
  for (const message of [again, spoiled, unreadable, strangers]) stage.lnd.settle(message);
  await until(() => (first.connector.health.alarms['set-aside'] ?? 0) >= 3);
  const unheard = stage.lnd.message(invoice, paying);
  stage.lnd.books.push(unheard);
  await first.stop();
  const second = stage.start();
  await until(() => readTip(stage.ledger, setIdOf(unheard)));
  await second.stop();

  const lines = [...first.lines, ...second.lines].map((line) => JSON.stringify(line));
  expect(lines.filter((line) => line.includes('set-aside')).length).toBeGreaterThanOrEqual(3);
  expect(lines.filter((line) => line.includes('missed'))).toHaveLength(1);
  const log = lines.join('\n');
  expect(log).not.toContain(words);
  expect(log).not.toContain(Buffer.from(words).toString('hex'));
  for (const message of [booked, spoiled, unreadable, strangers, unheard]) {
    expect(log).not.toContain(setIdOf(message));
    for (const { amp } of message.htlcs)
      if (amp?.preimage.length) expect(log).not.toContain(amp.preimage.toString('hex'));
  }
});
