import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** How long AWS WAF counts. */
const WINDOW_SECONDS = 300;

/** Of a request for an invoice by LNURL, at least. What is encoded in a path is told from nothing else by the function. */
const CALLBACK: CfnWebACL.StatementProperty = {
  byteMatchStatement: {
    fieldToMatch: { uriPath: {} },
    positionalConstraint: 'CONTAINS',
    searchString: '/callback',
    textTransformations: [{ priority: 0, type: 'URL_DECODE' }],
  },
};

/** Bounds how often one address may ask: in all, and for invoices, each of which costs the node a moment. */
export function rateFirewall(
  scope: Construct,
  id: string,
  { requests, callbacks }: NonNullable<Settings['firewall']>,
): CfnWebACL {
  const rule = (priority: number, name: string, limit: number, only?: CfnWebACL.StatementProperty) => ({
    name,
    priority,
    action: { block: { customResponse: { responseCode: 429 } } },
    statement: {
      rateBasedStatement: {
        aggregateKeyType: 'IP',
        evaluationWindowSec: WINDOW_SECONDS,
        limit,
        ...(only && { scopeDownStatement: only }),
      },
    },
    visibilityConfig: counted(name),
  });
  return new CfnWebACL(scope, id, {
    scope: 'CLOUDFRONT',
    defaultAction: { allow: {} },
    rules: [rule(0, 'Callbacks', callbacks, CALLBACK), rule(1, 'Requests', requests)],
    visibilityConfig: counted('Firewall'),
  });
}

/** Requests are counted. None is kept as a sample, for it would hold who asked. */
const counted = (metricName: string) => ({
  cloudWatchMetricsEnabled: true,
  metricName,
  sampledRequestsEnabled: false,
});
