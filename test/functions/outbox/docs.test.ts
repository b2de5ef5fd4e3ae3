import { readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type * as z from 'zod';
import { eventSchema } from '../../../functions/manage/schemas.ts';
import { ALARMS } from '../../../functions/outbox/alarms.ts';
import type { TipEvent } from '../../../shared/contract/tip.ts';
import { tipEventJsonSchema, tipEventSchema } from '../../../shared/contract/tipSchemas.ts';
import lnd from '../../fixtures/lnd-settled.json' with { type: 'json' };
import { eventsOfPayments, WITH_MESSAGE } from './realPayment.ts';

const read = (file: string) => readFileSync(new URL(`../../../docs/${file}`, import.meta.url), 'utf8');
const page = read('events.md');

describe('docs/events.md', () => {
  it('shows the event that a payment recorded at lnd becomes', async () => {
    const example = JSON.parse(/```json\n(.*?)```/s.exec(page)![1]!);
    expect(await eventsOfPayments(WITH_MESSAGE)).toEqual([example]);
  });

  it('names each field of it', () => {
    const fields = Object.keys(tipEventSchema.shape.data.shape).map((name) => `data.${name}`);
    const named = Array.from(page.matchAll(/^\| `(data\.\w+)` /gm), ([, name]) => name);
    expect(named).toEqual(fields);
    for (const name of ['id', 'type', 'version', 'timestamp']) expect(page).toContain(`\`${name}\``);
  });

  it('names each alarm', () => {
    const section = page.slice(page.indexOf('\n## Alarms'));
    const named = Array.from(section.matchAll(/^\| `([a-z-]+)` /gm), ([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(ALARMS).sort());
  });
});

describe('the schema of an event', () => {
  it('is what docs/event.schema.json says', () => {
    expect(JSON.parse(read('event.schema.json'))).toEqual(JSON.parse(JSON.stringify(tipEventJsonSchema())));
  });

  it('has the type of an event', () => {
    expectTypeOf<Writable<z.infer<typeof tipEventSchema>>>().toEqualTypeOf<Writable<TipEvent>>();
  });

  it('holds for every AMP payment recorded at lnd, without a field that it does not name', async () => {
    const places = lnd.settled_events.flatMap((event, at) =>
      Object.keys(event.amp_invoice_state).length === 1 ? [at] : [],
    );
    expect(places.length).toBeGreaterThan(8);
    const events = await eventsOfPayments(...places);
    expect(events.map(({ data }) => data.sequence)).toEqual(places.map((_, at) => String(at + 1)));
    for (const event of events) {
      expect(tipEventSchema.parse(event)).toEqual(event);
      expect(eventSchema.parse(event)).toEqual(event);
    }
  });

  it.each<[string, object, object]>([
    ['another type', { type: 'tip.booked' }, {}],
    ['a later version', { version: 2 }, {}],
    ['an amount as a number', {}, { amountMsat: 2_100_000 }],
    ['no sequence number', {}, { sequence: undefined }],
    ['a time without a zone', { timestamp: '2026-11-23T20:58:27.000' }, {}],
  ])('refuses %s', async (_, spoiled, ofData) => {
    const [event] = await eventsOfPayments(WITH_MESSAGE);
    const data = { ...event!.data, ...ofData };
    expect(tipEventSchema.safeParse({ ...event, data, ...spoiled }).success).toBe(false);
  });
});

type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;
