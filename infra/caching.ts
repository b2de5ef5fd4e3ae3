import { Duration } from 'aws-cdk-lib';
import {
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
} from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';
import openapi from '../functions/public/openapi.json' with { type: 'json' };

interface Route {
  readonly get: {
    readonly tags: readonly string[];
    readonly parameters: readonly { readonly in: string; readonly name: string }[];
  };
}

/**
 * The parameters of a query that the public function reads, by its committed document. Others reach neither it nor the key that an answer
 * is kept under. What wallets ask goes to another function, which is told the whole query. The overlay is not kept and has parameters, too: at
 * another spelling of its address it is a redirection that is.
 */
export const KEYED_QUERY = [
  ...new Set(
    Object.values<Route>(openapi.paths)
      .filter(({ get }) => !get.tags.includes('wallets'))
      .flatMap(({ get }) => get.parameters)
      .filter((each) => each.in === 'query')
      .map(({ name }) => name),
  ),
];

/**
 * Keeps an answer for as long as its `Cache-Control` says and not a moment longer: what says nothing is not kept.
 * @param headers of a request, by which answers differ
 */
export const keptAsTold = (scope: Construct, id: string, comment: string, headers: string[]) =>
  new CachePolicy(scope, id, {
    comment,
    minTtl: Duration.seconds(0),
    defaultTtl: Duration.seconds(0),
    maxTtl: Duration.days(365),
    queryStringBehavior: CacheQueryStringBehavior.allowList(...KEYED_QUERY),
    headerBehavior:
      headers.length > 0 ? CacheHeaderBehavior.allowList(...headers) : CacheHeaderBehavior.none(),
    cookieBehavior: CacheCookieBehavior.none(),
    enableAcceptEncodingBrotli: true,
    enableAcceptEncodingGzip: true,
  });

/** Lets the whole query through to a function whose answers are not kept, with these headers. */
export const wholeQuery = (scope: Construct, id: string, comment: string, headers: string[]) =>
  new OriginRequestPolicy(scope, id, {
    comment,
    queryStringBehavior: OriginRequestQueryStringBehavior.all(),
    headerBehavior:
      headers.length > 0
        ? OriginRequestHeaderBehavior.allowList(...headers)
        : OriginRequestHeaderBehavior.none(),
  });

/**
 * Lets the function know by `Accept` whether a person asks, who gets a page in place of a problem as JSON. It is in no key: such a page
 * is not kept, and all else is the same whatever is accepted.
 */
export const acceptAlone = (scope: Construct, id: string, comment: string) =>
  new OriginRequestPolicy(scope, id, {
    comment,
    headerBehavior: OriginRequestHeaderBehavior.allowList('Accept'),
  });
