import { z } from 'zod';
import { concurrencySettings } from './concurrency.ts';
import { connectorSettings } from './connectorSettings.ts';
import { FIT_REGION, isFitRegion } from './regions.ts';

/** Thrown for a setting that can't be used. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
  /** Its path, as `stages.production.domain.name`. */
  readonly setting: string;
  constructor(setting: string, value: unknown, expected: string) {
    super(`${setting}: ${value === undefined ? 'not set' : JSON.stringify(value)}, expected ${expected}`);
    this.setting = setting;
  }
}

const text = (form: RegExp, expected: string) => z.string(expected).regex(form, expected);
const whole = (least: number, most: number, expected = `a whole number from ${least} to ${most}`) =>
  z.int(expected).min(least, expected).max(most, expected);

const HOST = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])$/;
const host = text(HOST, 'a host name like tips.example, in lower case');

/** What CloudWatch keeps a log for. */
const LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731];

/** What may be set for a stage. All of it has a default or may be left out. */
const stageSettings = z.strictObject({
  /** The account of twelve digits; that of the credentials at hand unless told. */
  account: text(/^\d{12}$/, 'an account of twelve digits, as text').optional(),
  /** The Region; that of the AWS configuration at hand unless told. `domain` and `firewall` need it. */
  region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a Region like eu-central-1')
    .refine(isFitRegion, FIT_REGION)
    .optional(),
  /**
   * A domain of one's own, like `tips.example`: either with the Route 53 zone that it is in, where its certificate and its records
   * are made; or with a certificate of us-east-1 that is there already, and records that are made by hand.
   */
  domain: z
    .union(
      [
        z.strictObject({
          name: host,
          hostedZoneId: text(/^Z[A-Z0-9]{1,31}$/, 'the id of a hosted zone, like Z0123456789ABCDEFGHIJ'),
          zoneName: host,
        }),
        z.strictObject({
          name: host,
          certificateArn: text(
            /^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate\/[\w-]+$/,
            'the ARN of a certificate in us-east-1',
          ),
        }),
      ],
      'a domain: {name, hostedZoneId, zoneName}, or {name, certificateArn}',
    )
    .optional(),
  /** How many copies of each function are reserved for it, and may run at once (infra/concurrency.ts). */
  ...concurrencySettings,
  /**
   * How CloudFront proves itself to the functions behind it: by the signature of each request, or by a secret in a header, for where
   * the deployment's last step finds requests refused that are signed (docs/decisions/cloudfront.md).
   */
  originAccess: z.enum(['signature', 'header'], '"signature" or "header"').default('signature'),
  /**
   * Rate rules of AWS WAF: how many requests one address may make in five minutes, in all and for invoices by LNURL. About $7 a month,
   * and $0.60 a million requests.
   */
  firewall: z
    .strictObject({
      requests: whole(10, 2_000_000_000).default(2_000),
      callbacks: whole(10, 2_000_000_000).default(100),
    })
    .optional(),
  /** Where connectors run (docs/connector-production.md). */
  connector: connectorSettings.optional(),
  /** Who hears of alarms and of the budget. Each gets a letter to confirm. */
  alarmEmails: z
    .array(text(/^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/, 'an e-mail address'), 'a list of e-mail addresses')
    .max(10, 'a list of at most ten e-mail addresses')
    .default([]),
  /** What the account may cost a month, in US dollars, before a letter goes to `alarmEmails`. */
  budgetDollars: z.number('a number of dollars above 0').positive('a number of dollars above 0').optional(),
  /** Whether others' money depends on it: the stack can't be deleted by one command. True for the stage `production`. */
  production: z.boolean('true or false').optional(),
  /**
   * A table that was restored from a backup, in place of the one that the stack made and keeps; its stream's ARN tells which
   * it is. `npm run restore` prints it (docs/backup.md).
   */
  table: z
    .strictObject({
      streamArn: text(
        /^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/[\w.-]{3,255}\/stream\/[\d:T.-]+$/,
        'the ARN of a table’s stream',
      ),
    })
    .optional(),
  /** For how many days logs are kept. */
  logDays: z
    .number()
    .refine((value) => LOG_DAYS.includes(value), `one of ${LOG_DAYS.join(', ')}`)
    .default(30),
  /** Whether functions are traced with X-Ray. It costs more than the functions themselves (docs/decisions/tracing.md). */
  tracing: z.boolean('true or false').default(false),
  /** Tags of all resources that have tags, beside `ampjar:stage`. */
  tags: z
    .record(
      text(/^(?!aws:)[\w .:/=+@-]{1,128}$/, 'the name of a tag'),
      text(/^[\w .:/=+@-]{0,256}$/, 'the text of a tag'),
    )
    .default({}),
});

/** All that may be set. */
export const SETTING_NAMES = Object.keys(stageSettings.shape);

/** What whoever deploys writes down of a stage. */
export type StageSettings = z.input<typeof stageSettings>;

/** What is deployed: the settings of one stage, complete. */
export interface Settings extends Omit<z.output<typeof stageSettings>, 'production'> {
  readonly stage: string;
  readonly production: boolean;
}

const STAGE = /^[a-z][a-z0-9]{0,19}$/;

/** What `ampjar.settings.ts` holds. */
export interface SettingsFile {
  readonly stages: Readonly<Record<string, StageSettings>>;
}

/** Settings as they are written down: an editor knows their names and kinds. */
export const defineSettings = (file: SettingsFile): SettingsFile => file;

/**
 * The settings of one stage. Those of the others are looked at, too.
 * @throws SettingError of the first that can't be used, or if there is no stage of this name
 */
export function readSettings({ stages }: SettingsFile, stage: string): Settings {
  const read = Object.entries(stages).map(([name, values]) => readStage(name, values));
  const found = read.find((each) => each.stage === stage);
  if (found) return found;
  throw new SettingError('stage', stage, `one of ${Object.keys(stages).join(', ')}`);
}

function readStage(stage: string, values: StageSettings): Settings {
  if (!STAGE.test(stage))
    throw new SettingError('stages', stage, 'a name of up to 20 lower case letters and digits');
  const { data, error } = stageSettings.safeParse(values);
  if (error) throw settingError(`stages.${stage}`, values, error.issues[0]!);
  const refuse = (setting: keyof Settings, expected: string): never => {
    throw new SettingError(`stages.${stage}.${setting}`, data[setting as keyof typeof data], expected);
  };
  if (data.domain && 'zoneName' in data.domain && !isWithin(data.domain.name, data.domain.zoneName))
    refuse('domain', 'a name within its zone');
  if (data.region === undefined && needsUsEast1(data))
    refuse('region', 'a Region, which a domain with its zone and a firewall need');
  if (data.budgetDollars !== undefined && data.alarmEmails.length === 0)
    refuse('alarmEmails', 'a list of who hears of the budget');
  return { ...data, stage, production: data.production ?? stage === 'production' };
}

/**
 * Whether there is something to make in us-east-1, from which alone CloudFront takes certificates and firewalls, whatever the Region
 * of all else.
 */
export const needsUsEast1 = ({ domain, firewall }: Pick<Settings, 'domain' | 'firewall'>): boolean =>
  firewall !== undefined || (domain !== undefined && 'hostedZoneId' in domain);

/** The name of a stage's stack. */
export const stackName = (stage: string) => `Ampjar-${stage}`;

/**
 * The name of what a stage has in us-east-1 beside, where it has anything there. All Regions' stages meet there: it names its own.
 */
export const usEast1StackName = (settings: Pick<Settings, 'stage' | 'region' | 'domain' | 'firewall'>) =>
  needsUsEast1(settings) ? `${stackName(settings.stage)}-of-${settings.region}` : undefined;

const isWithin = (name: string, zone: string) => name === zone || name.endsWith(`.${zone}`);

function settingError(at: string, values: unknown, issue: z.core.$ZodIssue): SettingError {
  if (issue.code === 'unrecognized_keys') {
    const path = [at, ...issue.path].join('.');
    const value = valueAt(values, [...issue.path, issue.keys[0]!]);
    return new SettingError(`${path}.${issue.keys[0]}`, value, 'nothing: there is no setting of this name');
  }
  return new SettingError([at, ...issue.path].join('.'), valueAt(values, issue.path), issue.message);
}

const valueAt = (values: unknown, path: PropertyKey[]) =>
  path.reduce<unknown>((from, key) => (from as Record<PropertyKey, unknown>)?.[key], values);
