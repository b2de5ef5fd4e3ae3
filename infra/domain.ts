import type { Distribution } from 'aws-cdk-lib/aws-cloudfront';
import { AaaaRecord, ARecord, HostedZone, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** A domain in a zone of Route 53. */
export type ZonedDomain = Extract<Settings['domain'], { hostedZoneId: string }>;

/** The zone that a domain is in. */
export const hostedZone = (scope: Construct, { hostedZoneId, zoneName }: ZonedDomain): IHostedZone =>
  HostedZone.fromHostedZoneAttributes(scope, 'Zone', { hostedZoneId, zoneName });

/** Lead a domain to the edge, over IPv4 and IPv6. */
export function pointAt(scope: Construct, domain: ZonedDomain, distribution: Distribution): void {
  const record = {
    zone: hostedZone(scope, domain),
    recordName: `${domain.name}.`,
    target: RecordTarget.fromAlias(new CloudFrontTarget(distribution)),
  };
  new ARecord(scope, 'Ipv4', record);
  new AaaaRecord(scope, 'Ipv6', record);
}

/** What a function is told of the origin that readers know. Without a domain CloudFront tells it with each request. */
export const originEnvironment = (domain: Settings['domain']): Record<string, string> =>
  domain ? { BASE_URL: `https://${domain.name}` } : {};
