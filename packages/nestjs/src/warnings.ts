/**
 * What may be right, and shows one visitor what is another's where it is not: said in the log when the
 * application starts, for nothing can be seen of it later.
 */
import { Logger } from '@nestjs/common';
import type { ApplicationConfig, DiscoveryService } from '@nestjs/core';
import { prototypeOf } from './discovered.js';
import type { Wrapper } from './discovered.js';
import { tokensOf } from './inject-cache.decorator.js';
import { earlyGuardsOf } from './requests/early-guards.js';
import { hasRules } from './requests/request-address.js';

const logger = new Logger('LocMem');

/** @param hasPrefixForAll whether the application sets all requests apart */
export function warn(
  discovery: DiscoveryService,
  config: ApplicationConfig | undefined,
  hasPrefixForAll: boolean,
): void {
  const providers = discovery.getProviders();
  const leavesFieldResolvers = leavesFieldResolversAlone(providers);
  for (const prototype of providers.map(prototypeOf)) {
    if (prototype === undefined) continue;
    aboutServices(prototype);
    if (leavesFieldResolvers) aboutFieldResolvers(prototype, hasPrefixForAll);
  }
  for (const { guard, handler, service } of earlyGuardsOf(discovery, config, hasPrefixForAll)) {
    logger.warn(
      `${guard} runs before the prefix of ${handler} is known, as all guards of messages and subscriptions do: ` +
        `cached methods of ${service} that it calls are under none; give them the option keyPrefix`,
    );
  }
}

/** By what Nest knows resolvers and gateways, which are providers, too. */
const HANDLER_METADATA = ['graphql:resolver_type', 'websockets:is_gateway'];

/** A prefix on a service looks as if it set apart what its cached methods keep. */
function aboutServices(prototype: object): void {
  const service = prototype.constructor;
  if (tokensOf(prototype).length === 0) return;
  if (HANDLER_METADATA.some((key) => Reflect.hasMetadata(key, service))) return;
  const methods = Object.values(Object.getOwnPropertyDescriptors(prototype)).map(
    ({ value }): unknown => value,
  );
  const places = [service, ...methods].filter((place) => typeof place === 'function');
  if (!places.some(hasRules)) return;
  logger.warn(
    `@CacheKeyPrefix and @CacheVersion do nothing on ${service.name}, which is no controller or resolver; ` +
      `put them on handlers, or use the options keyPrefix and version of its cached methods`,
  );
}

/** Where @nestjs/graphql keeps its options, and what `@ResolveField` has said. */
const GRAPHQL_OPTIONS = 'GqlModuleOptions';
const RESOLVE_FIELD_METADATA = 'graphql:resolve_property';

/** As GraphQLModule does by default: then nobody can tell under what prefix they find things. */
function leavesFieldResolversAlone(providers: readonly Wrapper[]): boolean {
  const options = providers.filter(({ token }) => token === GRAPHQL_OPTIONS);
  return options.some(({ instance }) => {
    const { fieldResolverEnhancers } = Object(instance) as { fieldResolverEnhancers?: string[] };
    return fieldResolverEnhancers?.includes('interceptors') !== true;
  });
}

function aboutFieldResolvers(prototype: object, hasPrefixForAll: boolean): void {
  const descriptors = Object.entries(Object.getOwnPropertyDescriptors(prototype));
  for (const [name, { value }] of descriptors) {
    const resolver: unknown = value;
    if (typeof resolver !== 'function') continue;
    if (Reflect.getMetadata(RESOLVE_FIELD_METADATA, resolver) === undefined) continue;
    if (!hasPrefixForAll && !hasRules(prototype.constructor) && !hasRules(resolver)) continue;
    logger.warn(
      `@CacheKeyPrefix and @CacheVersion do not reach cached methods that ${prototype.constructor.name}.${name} ` +
        `calls; give GraphQLModule the option fieldResolverEnhancers: ['guards', 'interceptors']`,
    );
  }
}
