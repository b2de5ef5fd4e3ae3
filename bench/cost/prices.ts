/** A list price in US dollars of one unit: us-east-1, arm64, first tier, free tier left out. */
interface Price {
  readonly usd: number;
  /** What one unit is. */
  readonly unit: string;
  readonly source: string;
}

/**
 * When the prices were looked up. They are those of AWS's pages as far as stored copies of these and guides that quote them
 * (2025 and 2026) agree; whoever plans by them looks at the pages again.
 */
export const PRICES_OF = '2026-11-26';

const price = (usd: number, unit: string, source: string): Price => ({
  usd,
  unit,
  source: `https://aws.amazon.com/${source}/pricing/`,
});

const MILLION = 1e6;

/** Each thing that is charged for. */
export const PRICES = {
  writeUnit: price(0.625 / MILLION, 'write request unit, on demand', 'dynamodb'),
  readUnit: price(0.125 / MILLION, 'read request unit, on demand', 'dynamodb'),
  tableGbMonth: price(0.25, 'GB stored for a month', 'dynamodb'),
  recoveryGbMonth: price(0.2, 'GB of point-in-time recovery for a month', 'dynamodb'),
  lambdaRequest: price(0.2 / MILLION, 'invocation', 'lambda'),
  lambdaGbSecond: price(0.0000133334, 'GB-second, arm64', 'lambda'),
  edgeRequest: price(1 / MILLION, 'HTTPS request, North America and Europe', 'cloudfront'),
  edgeGb: price(0.085, 'GB to readers', 'cloudfront'),
  edgeFunction: price(0.1 / MILLION, 'invocation of a CloudFront Function', 'cloudfront'),
  liveOperation: price(1 / MILLION, 'message in or out, connect, subscribe', 'appsync'),
  liveMinute: price(0.08 / MILLION, 'minute of a connection', 'appsync'),
  queueRequest: price(0.4 / MILLION, 'request', 'sqs'),
  logGb: price(0.5, 'GB of log taken in', 'cloudwatch'),
  metric: price(0.3, 'custom metric for a month', 'cloudwatch'),
  alarm: price(0.1, 'metric of an alarm for a month', 'cloudwatch'),
  dashboard: price(3, 'dashboard for a month', 'cloudwatch'),
  trace: price(5 / MILLION, 'trace recorded', 'xray'),
  key: price(1, 'key for a month', 'kms'),
  firewall: price(5, 'web ACL for a month', 'waf'),
  firewallRule: price(1, 'rule for a month', 'waf'),
  firewallRequest: price(0.6 / MILLION, 'request looked at', 'waf'),
} as const satisfies Record<string, Price>;

export type Charged = keyof typeof PRICES;

/** How much of what is charged for something takes. */
export type Usage = Partial<Record<Charged, number>>;

/** Several usages as one. */
export function sum(...usages: readonly Usage[]): Usage {
  const all: Usage = {};
  for (const usage of usages)
    for (const [name, amount] of Object.entries(usage) as [Charged, number][])
      all[name] = (all[name] ?? 0) + amount;
  return all;
}

export const times = (count: number, usage: Usage): Usage =>
  Object.fromEntries(Object.entries(usage).map(([name, amount]) => [name, amount * count]));

/** US dollars. */
export const dollars = (usage: Usage): number =>
  Object.entries(usage).reduce((total, [name, amount]) => total + amount * PRICES[name as Charged].usd, 0);
