import { Stack, type StackProps } from 'aws-cdk-lib';
import { Certificate, CertificateValidation, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { Construct } from 'constructs';
import { hostedZone } from './domain.ts';
import { rateFirewall } from './firewall.ts';
import type { Settings } from './settings.ts';

/** What CloudFront takes from the Region us-east-1 alone, whatever the Region of all else: certificate and firewall. */
export class UsEast1Stack extends Stack {
  readonly certificate: ICertificate | undefined;
  readonly firewallArn: string | undefined;

  constructor(scope: Construct, id: string, { domain, firewall }: Settings, props: StackProps) {
    super(scope, id, { ...props, description: 'Ampjar: certificate and firewall of the edge' });
    if (domain && 'hostedZoneId' in domain)
      this.certificate = new Certificate(this, 'Certificate', {
        domainName: domain.name,
        validation: CertificateValidation.fromDns(hostedZone(this, domain)),
      });
    if (firewall) this.firewallArn = rateFirewall(this, 'Firewall', firewall).attrArn;
  }
}
