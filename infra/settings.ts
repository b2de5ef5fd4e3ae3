/** What whoever deploys may choose, with `-c name=value` or in cdk.json's context. */
export interface Settings {
  /**
   * How many copies of the public function may run at once. The public URL is open to all, so this bounds the bill.
   * `account` sets no bound of its own: the account's own limit holds.
   */
  readonly publicConcurrency: number | 'account';
  /**
   * The same of the LNURL function. A copy waits with each wallet until its invoice is there, some 100 ms, and up to 5 s
   * while the node is away.
   */
  readonly lnurlConcurrency: number | 'account';
  /**
   * The origin that readers know, once a name of one's own points here: `https://tips.example`, without a slash. Without
   * it there are no Lightning Addresses, for wallets are told whole addresses.
   */
  readonly baseUrl?: string;
}

/** Twenty copies of 512 MB that never rest cost about $0.50 an hour of Lambda's time (arm64, list price), plus requests. */
const DEFAULT_CONCURRENCY = 20;

/** Thrown for a setting that can't be used. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
  readonly setting: string;
  constructor(setting: string, value: unknown, expected: string) {
    super(`${setting}: ${JSON.stringify(value)} is not ${expected}`);
    this.setting = setting;
  }
}

/**
 * Read the settings from CDK's context, where the command line gives text and cdk.json any JSON.
 * @throws SettingError
 */
export function readSettings(context: (name: string) => unknown): Settings {
  const baseUrl = context('baseUrl');
  return {
    publicConcurrency: readConcurrency('publicConcurrency', context),
    lnurlConcurrency: readConcurrency('lnurlConcurrency', context),
    ...(baseUrl !== undefined && { baseUrl: readOrigin(baseUrl) }),
  };
}

function readConcurrency(setting: string, context: (name: string) => unknown): number | 'account' {
  const value = context(setting) ?? DEFAULT_CONCURRENCY;
  if (value === 'account') return value;
  if (/^[1-9]\d{0,3}$/.test(String(value))) return Number(value);
  throw new SettingError(setting, value, 'a whole number from 1 to 9999 or "account"');
}

function readOrigin(value: unknown): string {
  if (typeof value === 'string' && value.startsWith('https://') && URL.canParse(value)) {
    if (new URL(value).origin === value) return value;
  }
  throw new SettingError('baseUrl', value, 'an origin like https://tips.example, without a path');
}
