import { describe, expect, it, test } from 'vitest';
import * as english from '../../../../shared/browser/text/en.ts';
import type { Texts } from '../../../../shared/browser/text/texts.ts';

const { day, minute, sat } = english satisfies Texts;

describe('a date is as Intl would write it', () => {
  const at = (month: number) => new Date(Date.UTC(2026, month, 3 + month, 23 - month, month));
  it.each(Array.from({ length: 12 }, (_, month) => [at(month)]))('%j', (date) => {
    const intl = (options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat('en', { ...options, timeZone: 'UTC' }).format(date);
    expect(day(date)).toBe(intl({ dateStyle: 'long' }));
    expect(minute(date)).toBe(`${intl({ dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' })} UTC`);
  });

  it('at midnight, too', () => {
    expect(minute(new Date('2027-01-01T00:00:59Z'))).toBe('Jan 1, 2027, 00:00 UTC');
  });
});

test.each([
  ['1', '0.001 sat'],
  ['100', '0.1 sat'],
  ['1000', '1 sat'],
  ['999999', '999.999 sat'],
  ['1000000', '1,000 sat'],
  ['1234567890', '1,234,567.89 sat'],
  ['2100000000000000000', '2,100,000,000,000,000 sat'],
])('%s msat are %s', (msat, text) => {
  expect(sat(msat)).toBe(text);
});
