import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { type IManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnProfile, CfnTrustAnchor } from 'aws-cdk-lib/aws-rolesanywhere';
import { Construct } from 'constructs';
import type { ConnectorSettings } from './connectorSettings.ts';

const SESSION = Duration.hours(1);

/**
 * The connector's role for hosts outside AWS: a host proves a certificate of the given authority and one of the given names, and has
 * the role for an hour at a time.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export class RolesAnywhere extends Construct {
  readonly role: Role;

  constructor(
    scope: Construct,
    id: string,
    policy: IManagedPolicy,
    { caCertificate, hosts }: NonNullable<ConnectorSettings['rolesAnywhere']>,
  ) {
    super(scope, id);
    const name = `${Stack.of(this).stackName}-connector`;
    const anchor = new CfnTrustAnchor(this, 'TrustAnchor', {
      name,
      enabled: true,
      source: { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: caCertificate } },
    });
    const service = new ServicePrincipal('rolesanywhere.amazonaws.com', {
      conditions: {
        ArnEquals: { 'aws:SourceArn': anchor.attrTrustAnchorArn },
        StringEquals: { 'aws:PrincipalTag/x509Subject/CN': hosts },
      },
    });
    this.role = new Role(this, 'Role', {
      description: 'The Ampjar connector on a host outside AWS',
      assumedBy: service,
      maxSessionDuration: SESSION,
      managedPolicies: [policy],
    });
    this.role.assumeRolePolicy!.addStatements(
      new PolicyStatement({ actions: ['sts:SetSourceIdentity', 'sts:TagSession'], principals: [service] }),
    );
    const profile = new CfnProfile(this, 'Profile', {
      name,
      enabled: true,
      roleArns: [this.role.roleArn],
      durationSeconds: SESSION.toSeconds(),
    });

    const tell = (output: string, value: string) =>
      new CfnOutput(Stack.of(this), `RolesAnywhere${output}`, { value });
    tell('TrustAnchorArn', anchor.attrTrustAnchorArn);
    tell('ProfileArn', profile.attrProfileArn);
    tell('RoleArn', this.role.roleArn);
  }
}
