/**
 * Objects that Nest injects nothing into, since a factory of the user's has made them, or they were
 * given as values: they get what their decorated methods need from the module that they belong to.
 */
import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { DiscoveryService } from '@nestjs/core';
import type { Wrapper } from '../discovered.js';
import { give, injectInto, tokensOf } from '../inject-cache.decorator.js';

export async function provideForObjectsOfFactories(discovery: DiscoveryService): Promise<void> {
  for (const wrapper of discovery.getProviders()) {
    const isMadeElsewhere = wrapper.inject !== undefined || wrapper.isNotMetatype;
    if (isMadeElsewhere && wrapper.isDependencyTreeStatic()) await provideFor(wrapper);
  }
}

async function provideFor({ instance, host }: Wrapper): Promise<void> {
  if (typeof instance !== 'object' || instance === null) return;
  const object = instance as Record<symbol, unknown>;
  const missing = tokensOf(object).filter((token) => object[token] === undefined);
  const moduleRef = host?.getProviderByKey<ModuleRef>(ModuleRef).instance;
  if (missing.length === 0 || moduleRef === undefined) return;
  // What the module of the object would inject into a class of its own.
  @Injectable()
  class Probe {}
  for (const token of missing) injectInto(Probe.prototype, token);
  const probe = (await moduleRef.create(Probe)) as Record<symbol, unknown>;
  for (const token of missing) if (probe[token] !== undefined) give(object, token, probe[token]);
}
