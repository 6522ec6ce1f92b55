/**
 * Guards of messages and of subscriptions run before the scope of their request begins. Cached methods that
 * they call find things without its prefix, and nothing can be seen of it: so it is looked for.
 */
import type { ApplicationConfig, DiscoveryService } from '@nestjs/core';
import { methodsOf, prototypeOf } from '../discovered.js';
import type { Wrapper } from '../discovered.js';
import { isSetApartByRequestsAlone } from '../methods/unprefixed.js';
import { guardsOn } from '../pages/guards.js';
import { hasRules } from './request-address.js';

/** What `@MessagePattern` and `@EventPattern`, `@SubscribeMessage` and `@Subscription` have said. */
const EARLY_METADATA = [
  ...['microservices:pattern', 'websockets:message_mapping'],
  'graphql:subscription_options;',
];

/** A guard that reaches cached methods before the prefix of a handler is known. */
export interface EarlyGuard {
  readonly guard: string;
  /** For messages, e.g. `Shop.total`. */
  readonly handler: string;
  /** The class of the cached methods. */
  readonly service: string;
}

/** @param hasPrefixForAll whether the application sets all requests apart */
export function earlyGuardsOf(
  discovery: DiscoveryService,
  config: ApplicationConfig | undefined,
  hasPrefixForAll: boolean,
): EarlyGuard[] {
  const dependencies = new Dependencies(discovery.getProviders());
  const found = new Map<string, EarlyGuard>();
  for (const wrapper of [...discovery.getControllers(), ...discovery.getProviders()]) {
    const prototype = prototypeOf(wrapper);
    if (prototype === undefined) continue;
    for (const handler of methodsOf(prototype) as { name: string }[]) {
      if (!EARLY_METADATA.some((key) => Reflect.hasMetadata(key, handler))) continue;
      if (!hasPrefixForAll && ![prototype.constructor, handler].some(hasRules)) continue;
      for (const guard of [...globalGuards(config), ...guardsFor(wrapper, prototype, handler)]) {
        for (const service of dependencies.cachedBehind(guard)) {
          const one = { guard: nameOf(guard), service };
          const place = `${prototype.constructor.name}.${handler.name}`;
          // Once for all handlers.
          const key = JSON.stringify(one);
          if (!found.has(key)) found.set(key, { ...one, handler: place });
        }
      }
    }
  }
  return [...found.values()];
}

/** What Nest will make, or has made, a guard of; or one that the application has made itself. */
type Guard = { readonly wrapper: Wrapper } | { readonly instance: object };

function nameOf(guard: Guard): string {
  if ('instance' in guard) return guard.instance.constructor.name;
  return prototypeOf(guard.wrapper)?.constructor.name ?? String(guard.wrapper.name);
}

/** A message may be under another configuration: that of a microservice that does not inherit. */
function globalGuards(config: ApplicationConfig | undefined): Guard[] {
  const guards = (config?.getGlobalGuards() ?? []).map((instance) => ({ instance }));
  const ofRequests = (config?.getGlobalRequestGuards() ?? []) as readonly Wrapper[];
  return [...guards, ...ofRequests.map((wrapper) => ({ wrapper }))];
}

function guardsFor({ host }: Wrapper, prototype: object, handler: object): Guard[] {
  const named = [...guardsOn(prototype.constructor), ...guardsOn(handler)];
  return named.flatMap((guard): Guard[] => {
    if (typeof guard !== 'function') return [{ instance: guard as object }];
    const wrapper = host?.injectables.get(guard);
    return wrapper === undefined ? [] : [{ wrapper }];
  });
}

/** What Nest has given to what. */
class Dependencies {
  readonly #byInstance = new Map<unknown, Wrapper>();

  constructor(providers: readonly Wrapper[]) {
    for (const wrapper of providers) {
      if (Object(wrapper.instance) === wrapper.instance) {
        this.#byInstance.set(wrapper.instance, wrapper);
      }
    }
  }

  /** The classes with cached methods that a guard has been given, or what it has been given has. */
  cachedBehind(guard: Guard): Set<string> {
    const found = new Set<string>();
    const seen = new Set<Wrapper>();
    const waiting = this.#givenTo(guard);
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      if (seen.has(one)) continue;
      seen.add(one);
      const object = prototypeOf(one) ?? (one.instance as unknown);
      if (typeof object === 'object' && object !== null && isSetApartByRequestsAlone(object)) {
        found.add(object.constructor.name);
      }
      waiting.push(...givenTo(one));
    }
    return found;
  }

  #givenTo(guard: Guard): Wrapper[] {
    if ('wrapper' in guard) return [guard.wrapper];
    const known = this.#byInstance.get(guard.instance);
    if (known !== undefined) return [known];
    // Made with `new`: what it has been given is seen where it is no private field.
    return Object.values(guard.instance).flatMap((value) => this.#byInstance.get(value) ?? []);
  }
}

function givenTo(wrapper: Wrapper): Wrapper[] {
  // Undefined where Nest had nothing to give.
  const ofConstructor = (wrapper.getCtorMetadata() as readonly Wrapper[] | undefined) ?? [];
  const properties =
    (wrapper.getPropertiesMetadata() as readonly { readonly wrapper: Wrapper }[] | undefined) ?? [];
  return [...ofConstructor, ...properties.map((property) => property.wrapper)].filter(Boolean);
}
