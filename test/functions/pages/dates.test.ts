import { describe, expect, it } from 'vitest';
import { dayText, minuteText } from '../../../functions/pages/dates.ts';

describe('a date on a page is as Intl would write it', () => {
  const at = (month: number) => new Date(Date.UTC(2026, month, 3 + month, 23 - month, month));
  it.each(Array.from({ length: 12 }, (_, month) => [at(month)]))('%j', (date) => {
    const intl = (options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat('en', { ...options, timeZone: 'UTC' }).format(date);
    expect(dayText(date)).toBe(intl({ dateStyle: 'long' }));
    expect(minuteText(date)).toBe(
      `${intl({ dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' })} UTC`,
    );
  });

  it('at midnight, too', () => {
    expect(minuteText(new Date('2027-01-01T00:00:59Z'))).toBe('Jan 1, 2027, 00:00 UTC');
  });
});
