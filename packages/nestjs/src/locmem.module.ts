import { InvalidOptionError } from '@locmem/core';
import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown, Provider } from '@nestjs/common';
import { AppSettings } from './app-settings.js';
import { LocMemCoreModule } from './locmem-core.module.js';
import { checkedCaches, RegisteredCaches } from './locmem.caches.js';
import type {
  LocMemModuleAsyncOptions,
  LocMemModuleOptions,
  LocMemModuleRegisterOptions,
  LocMemOptionsFactory,
} from './locmem.options.js';
import { MessageScopes } from './requests/message-scopes.js';
import { CACHES, DEFAULT_ALIAS, getCacheToken, OPTIONS } from './tokens.js';

let registrations = 0;

/**
 * Gives an application its caches, to be injected by alias and used by the decorators.
 *
 * @example
 * ```ts
 * import 'reflect-metadata';
 * import assert from 'node:assert/strict';
 * import { LocMemCache } from '@locmem/core';
 * import { InjectCache, LocMemModule } from '@locmem/nestjs';
 * import { Injectable, Module } from '@nestjs/common';
 * import { NestFactory } from '@nestjs/core';
 *
 * @Injectable()
 * class Sessions {
 *   constructor(@InjectCache('sessions') readonly cache: LocMemCache) {}
 * }
 *
 * @Module({
 *   imports: [
 *     LocMemModule.register({
 *       isGlobal: true,
 *       caches: { default: { timeout: '5m' }, sessions: { options: { maxEntries: 10_000 } } },
 *     }),
 *   ],
 *   providers: [Sessions],
 * })
 * class AppModule {}
 *
 * const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
 * app.get(Sessions).cache.set('s1', { user: 7 });
 * assert.deepEqual(app.get(Sessions).cache.get('s1'), { user: 7 });
 * await app.close();
 * ```
 */
@Module({})
export class LocMemModule implements OnApplicationShutdown {
  constructor(
    @Inject(OPTIONS) options: LocMemModuleOptions,
    @Inject(CACHES) private readonly caches: RegisteredCaches,
    @Inject(AppSettings) settings: AppSettings,
    @Inject(MessageScopes) messages: MessageScopes,
  ) {
    settings.adopt(options);
    messages.open();
  }

  /**
   * Registers caches. May be called in several modules: each has its own, also under the same alias.
   *
   * @throws {InvalidOptionError} when an option does not exist or breaks its rule
   */
  static register(options: LocMemModuleRegisterOptions = {}): DynamicModule {
    checkNames('LocMemModule.register', options, REGISTER);
    const { isGlobal, ...rest } = options;
    const aliases = Object.keys(checkedCaches(rest.caches));
    // Wrong options are told here, not when the application starts.
    new RegisteredCaches(rest.caches, aliases);
    return moduleOf(aliases, isGlobal, [{ provide: OPTIONS, useFactory: () => rest }]);
  }

  /**
   * Registers caches whose options are made by a factory or a class, with what these need injected.
   *
   * @throws {InvalidOptionError} when an option does not exist, or not exactly one of `useFactory`,
   *   `useClass` and `useExisting` is given
   */
  static registerAsync(options: LocMemModuleAsyncOptions): DynamicModule {
    checkNames('LocMemModule.registerAsync', options, REGISTER_ASYNC);
    const { isGlobal, aliases = [DEFAULT_ALIAS], imports } = options;
    checkAliases(aliases);
    const dynamicModule = moduleOf(aliases, isGlobal, optionsProviders(options));
    return { ...dynamicModule, imports: [...(dynamicModule.imports ?? []), ...(imports ?? [])] };
  }

  /** Caches of a module's own, for that module alone: {@link register} by the name Nest developers look for. */
  static forFeature(caches: Exclude<LocMemModuleOptions['caches'], undefined>): DynamicModule {
    return LocMemModule.register({ caches });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.caches.close();
  }
}

function moduleOf(
  aliases: readonly string[],
  isGlobal: boolean | undefined,
  options: Provider[],
): DynamicModule {
  const tokens = aliases.map(getCacheToken);
  return {
    module: LocMemModule,
    global: isGlobal ?? false,
    imports: [LocMemCoreModule],
    providers: [
      ...options,
      {
        provide: CACHES,
        useFactory: ({ caches }: LocMemModuleOptions) => new RegisteredCaches(caches, aliases),
        inject: [OPTIONS],
      },
      ...aliases.map((alias) => ({
        provide: getCacheToken(alias),
        useFactory: (caches: RegisteredCaches) => caches.get(alias),
        inject: [CACHES],
      })),
      // Two registrations are never one to Nest, however alike they look to it.
      { provide: Symbol('@locmem/nestjs/registration'), useValue: ++registrations },
    ],
    exports: tokens,
  };
}

function optionsProviders({
  useFactory,
  inject = [],
  useClass,
  useExisting,
}: LocMemModuleAsyncOptions): Provider[] {
  const ways = [useFactory, useClass, useExisting].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    const rule = 'or useClass or useExisting must be given, one of them';
    throw new InvalidOptionError('LocMemModule.registerAsync', 'useFactory', rule, useFactory);
  }
  const checked = (options: LocMemModuleOptions): LocMemModuleOptions => {
    checkNames('LocMemModule.registerAsync, the options made', options, MODULE);
    return options;
  };
  if (useFactory !== undefined) {
    const make = async (...args: unknown[]) => checked(await useFactory(...args));
    return [{ provide: OPTIONS, useFactory: make, inject }];
  }
  const factory = (useClass ?? useExisting)!;
  const made: Provider = {
    provide: OPTIONS,
    useFactory: async (maker: LocMemOptionsFactory) => checked(await maker.createLocMemOptions()),
    inject: [factory],
  };
  return useClass === undefined ? [made] : [made, { provide: useClass, useClass }];
}

const MODULE = new Set(['caches', 'keyPrefix', 'version', 'pages', 'front']);
const REGISTER = new Set([...MODULE, 'isGlobal']);
const REGISTER_ASYNC = new Set([
  ...['isGlobal', 'aliases', 'imports'],
  ...['useFactory', 'inject', 'useClass', 'useExisting'],
]);

function checkAliases(aliases: unknown): void {
  const isAlias = (one: unknown) => typeof one === 'string' && one !== '';
  if (Array.isArray(aliases) && aliases.every(isAlias)) return;
  const rule = 'must be a list of names of caches';
  throw new InvalidOptionError('LocMemModule.registerAsync', 'aliases', rule, aliases);
}

function checkNames(place: string, options: object, allowed: ReadonlySet<string>): void {
  if (typeof (options as unknown) !== 'object' || (options as object | null) === null) {
    throw new InvalidOptionError(place, 'options', 'must be an object', options);
  }
  for (const [name, value] of Object.entries(options)) {
    if (allowed.has(name)) continue;
    const rule = `is no option; there are: ${[...allowed].join(', ')}`;
    throw new InvalidOptionError(place, name, rule, value);
  }
}
