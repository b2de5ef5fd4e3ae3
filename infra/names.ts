import { Aspects, Names, type Stack } from 'aws-cdk-lib';
import {
  CfnOriginAccessControl,
  CfnOriginRequestPolicy,
  CfnResponseHeadersPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import type { IConstruct } from 'constructs';

/** CloudFront's longest name, less the longest of a Region and a hyphen. */
const MOST = 64 - 'ap-northeast-1'.length - 1;

/**
 * Put the Region into the names that CDK gives without one and that are an account's, of all its Regions: the same stage stands in two
 * of them while it moves home.
 * @see https://github.com/aws/aws-cdk/issues/34336
 */
export function nameByRegion(stack: Stack): void {
  const nameOf = (node: IConstruct) =>
    `${Names.uniqueResourceName(node, { maxLength: MOST })}-${stack.region}`;
  Aspects.of(stack).add({
    visit(node: IConstruct) {
      if (node instanceof CfnOriginAccessControl)
        node.addPropertyOverride('OriginAccessControlConfig.Name', nameOf(node));
      if (node instanceof CfnOriginRequestPolicy)
        node.addPropertyOverride('OriginRequestPolicyConfig.Name', nameOf(node));
      if (node instanceof CfnResponseHeadersPolicy)
        node.addPropertyOverride('ResponseHeadersPolicyConfig.Name', nameOf(node));
    },
  });
}
