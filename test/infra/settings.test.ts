import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import file from '../../ampjar.settings.ts';
import { readSettings, SETTING_NAMES, SettingError, type StageSettings } from '../../infra/settings.ts';

const read = (settings: unknown) =>
  readSettings({ stages: { production: settings as StageSettings } }, 'production');

const ZONE = { hostedZoneId: 'Z0123456789ABCDEFGHIJ', zoneName: 'example.org' };
const CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012';
const region = 'eu-central-1';

describe('the settings', () => {
  test('as shipped name two stages, and nothing of an account', () => {
    expect(Object.keys(file.stages)).toEqual(['production', 'test']);
    expect(readSettings(file, 'production')).toEqual(read({}));
  });

  test('each have a line in docs/deploy.md, where there is no other', async () => {
    const page = await readFile(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
    const [, table] = page.split('## Settings');
    const listed = Array.from(table!.split('\n## ')[0]!.matchAll(/^\| `(\w+)`/gm), ([, name]) => name);
    expect(listed.sort()).toEqual([...SETTING_NAMES].sort());
  });

  test('may all be left out', () => {
    expect(read({})).toEqual({
      stage: 'production',
      production: true,
      publicConcurrency: 100,
      lnurlConcurrency: 100,
      manageConcurrency: 10,
      settledConcurrency: 20,
      deliverConcurrency: 60,
      watchConcurrency: 2,
      liveConcurrency: 5,
      originAccess: 'signature',
      alarmEmails: [],
      logDays: 30,
      tracing: false,
      tags: {},
    });
  });

  test('are for play in every stage but production, unless they say otherwise', () => {
    const stages = { production: {}, test: {}, twin: { production: true } };
    const isProduction = (stage: string) => readSettings({ stages }, stage).production;
    expect(Object.keys(stages).map(isProduction)).toEqual([true, false, true]);
  });

  test.each([
    { account: '123456789012', region },
    { region, domain: { name: 'tips.example.org', ...ZONE } },
    { region, domain: { name: 'example.org', ...ZONE } },
    { domain: { name: 'tips.example.org', certificateArn: CERTIFICATE } },
    { region, firewall: { requests: 500, callbacks: 10 } },
    { publicConcurrency: 'account', lnurlConcurrency: 9999 },
    { alarmEmails: ['ops@example.org'], budgetDollars: 12.5 },
    { production: false, logDays: 365, tags: { team: 'jar' } },
  ])('%j are as they are written', (settings) => expect(read(settings)).toMatchObject(settings));

  test('of a firewall have bounds without being told', () => {
    expect(read({ region, firewall: {} }).firewall).toEqual({ requests: 2000, callbacks: 100 });
  });

  test.each([
    ['account', { account: 123456789012 }],
    ['account', { account: '12345678901' }],
    ['region', { region: 'Frankfurt' }],
    ['region', { region: 'eu-central-2' }],
    ['region', { region: 'il-central-1' }],
    ['region', { region: 'cn-north-1' }],
    ['region', { region: 'us-gov-west-1' }],
    ['region', { firewall: {} }],
    ['region', { domain: { name: 'tips.example.org', ...ZONE } }],
    ['domain', { domain: 'tips.example.org' }],
    ['domain', { domain: { name: 'tips.example.org' } }],
    ['domain', { region, domain: { name: 'tips.example.com', ...ZONE } }],
    ['domain', { region, domain: { name: 'notexample.org', ...ZONE } }],
    ['domain.name', { region, domain: { name: 'https://tips.example.org', ...ZONE } }],
    ['domain.name', { region, domain: { name: 'Tips.example.org', ...ZONE } }],
    ['domain.name', { region, domain: { name: '*.example.org', ...ZONE } }],
    ['domain.hostedZoneId', { region, domain: { name: 'a.example.org', ...ZONE, hostedZoneId: 'zone' } }],
    [
      'domain.certificateArn',
      { domain: { name: 'a.example.org', certificateArn: CERTIFICATE.replace('us-east-1', 'eu-west-1') } },
    ],
    ['firewall.requests', { region, firewall: { requests: 9 } }],
    ['firewall.perMinute', { region, firewall: { perMinute: 9 } }],
    ['publicConcurrency', { publicConcurrency: 0 }],
    ['publicConcurrency', { publicConcurrency: 2.5 }],
    ['publicConcurrency', { publicConcurrency: '20' }],
    ['lnurlConcurrency', { lnurlConcurrency: 10_000 }],
    ['lnurlConcurrency', { lnurlConcurrency: 'none' }],
    ['deliverConcurrency', { deliverConcurrency: 2 }],
    ['watchConcurrency', { watchConcurrency: 0 }],
    ['alarmEmails', { alarmEmails: 'ops@example.org' }],
    ['alarmEmails.1', { alarmEmails: ['ops@example.org', 'ops'] }],
    ['alarmEmails', { budgetDollars: 10 }],
    ['budgetDollars', { budgetDollars: 0, alarmEmails: ['ops@example.org'] }],
    ['production', { production: 'yes' }],
    ['logDays', { logDays: 31 }],
    ['tags.aws:name', { tags: { 'aws:name': 'jar' } }],
    ['tags.team', { tags: { team: 7 } }],
    ['originAccess', { originAccess: 'none' }],
    ['colour', { colour: 'blue' }],
  ])('are refused by the name %s for %j', (setting, settings) => {
    try {
      expect(read(settings)).toBe('refused');
    } catch (error) {
      expect(error).toBeInstanceOf(SettingError);
      expect((error as SettingError).setting).toBe(`stages.production.${setting}`);
      expect((error as SettingError).message).toMatch(/^[^\n]+, expected [^\n]+$/);
    }
  });

  test.each(['Production', 'my stage', '1', ''])('of a stage named %j are refused', (stage) => {
    expect(() => readSettings({ stages: { production: {}, [stage]: {} } }, 'production')).toThrow(
      SettingError,
    );
  });

  test('of a stage that there is not are refused with the names of those that there are', () => {
    expect(() => readSettings(file, 'prod')).toThrow('stage: "prod", expected one of production, test');
  });
});
