/** What is said in the log when an application starts. */
import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Logger } from '@nestjs/common';
import type { ModuleMetadata } from '@nestjs/common';
import {
  Field,
  GraphQLModule,
  Int,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { Cacheable, CacheKeyPrefix, LocMemModule } from '../src/index.js';
import { serve } from './harness.js';

let warnings: unknown[];

beforeEach(() => {
  warnings = [];
});

afterEach(() => {
  Logger.overrideLogger(false);
});

/** As {@link serve}, which turns the logger off. */
const start = (metadata: ModuleMetadata) =>
  serve('Express', metadata, {
    prepare: () => {
      Logger.overrideLogger({ warn: (message) => warnings.push(message), log() {}, error() {} });
    },
  });

describe('the log warns', () => {
  it.each([
    ['of field resolvers that a prefix does not reach', undefined, 1],
    ['of none that it reaches', ['guards', 'interceptors'] as const, 0],
  ])('%s', async (_what, fieldResolverEnhancers, count) => {
    @ObjectType()
    class City {
      @Field(() => Int) id!: number;
    }
    @CacheKeyPrefix('geo')
    @Resolver(() => City)
    class Cities {
      @Query(() => City) city() {
        return { id: 1 };
      }
      @ResolveField(() => Int) population() {
        return 1;
      }
    }
    const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      ...(fieldResolverEnhancers && { fieldResolverEnhancers: [...fieldResolverEnhancers] }),
    });
    await start({ imports: [LocMemModule.register(), graphql], providers: [Cities] });
    const ours = warnings.filter((message) => String(message).startsWith('@CacheKeyPrefix'));
    expect(ours).toHaveLength(count);
    if (count > 0)
      expect(ours[0]).toMatch(/Cities\.population calls; give GraphQLModule the option/);
  });

  it.each([
    ['of a prefix on a service', CacheKeyPrefix('geo'), 1],
    ['of none on a service without one', () => undefined, 0],
  ])('%s', async (_what, decorate, count) => {
    @decorate
    @Injectable()
    class Places {
      @Cacheable()
      find(id: number): number {
        return id;
      }
    }
    @CacheKeyPrefix('geo')
    @Controller()
    class Handlers extends Places {}
    await start({
      imports: [LocMemModule.register()],
      controllers: [Handlers],
      providers: [Places],
    });
    const ours = warnings.filter((message) => String(message).includes('do nothing on Places'));
    expect(ours).toHaveLength(count);
    expect(warnings.filter((message) => String(message).includes('Handlers'))).toEqual([]);
  });
});
