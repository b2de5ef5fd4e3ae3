import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWell } from '../../../connector/connector.ts';
import { readTip } from '../../../shared/ledger/index.ts';
import { setIdOf } from '../played.ts';
import { openStage, type Stage, until } from '../stage.ts';
import { awsError, tampered } from '../tampered.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
  stage.time.flow();
});
afterEach(() => stage.close());

const busy = () => ({ fail: awsError('ThrottlingException', 'slow down') });
const silent = () => ({ wait: new Promise<void>(() => {}) });

describe('a connector whose table is away', () => {
  it.each<[string, (name: string) => ReturnType<typeof busy | typeof silent> | undefined, RegExp]>([
    ['refuses all', busy, /^the table has taken nothing for \d+ s/],
    ['does not answer', silent, /^the table has taken nothing for \d+ s/],
    [
      'takes no tips',
      (name) => (name === 'TransactWriteItemsCommand' ? busy() : undefined),
      /^the first has waited for \d+ s$/,
    ],
  ])('that %s tells of it within seconds, by health and alarm, until it is back', async (_, fault, words) => {
    let away = false;
    const release: (() => void)[] = [];
    const over = tampered(stage.ledger, ({ name }) => {
      const what = away ? fault(name) : undefined;
      if (!what || !('wait' in what)) return what;
      return { wait: new Promise<void>((resolve) => release.push(resolve)) };
    });
    const started = stage.start({ over });
    await started.live();
    const { health } = started.connector;
    const invoice = await stage.current();
    await until(() => stage.lnd.isListenedTo);
    expect(isWell(health)).toBe(true);
    away = true;
    const since = stage.time.ms;
    const message = stage.lnd.pay(invoice);
    await until(() => !isWell(health) && health.trouble?.match(words));
    expect(stage.time.ms - since).toBeLessThan(60_000);
    expect(health.state).toBe('live');
    await until(() => health.alarms.behind);
    // Once a minute while it lasts.
    await until(() => stage.time.ms - since > 200_000);
    expect(health.alarms.behind).toBeGreaterThan(1);
    expect(health.alarms.behind).toBeLessThan(6);
    away = false;
    for (const resolve of release) resolve();
    await until(() => readTip(stage.ledger, setIdOf(message)));
    await until(() => isWell(health));
    expect(health.trouble).toBeUndefined();
  });
});
