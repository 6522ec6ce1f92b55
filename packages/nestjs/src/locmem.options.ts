import type { CacheConfig } from '@locmem/core';
import type { ExecutionContext, InjectionToken, ModuleMetadata, Type } from '@nestjs/common';
import type { ResponseCacheOptions } from '@locmem/http';
import type { PerRequest } from './requests/request-address.js';

/** What holds for the whole application; one registration may say it. */
export interface AppOptions {
  /** As `@CacheKeyPrefix` on every handler, besides what that says. */
  keyPrefix?: PerRequest<string> | undefined;
  /** As `@CacheVersion` on every handler. */
  version?: PerRequest<number> | undefined;
  /**
   * Options of all pages. With `timeout`, every GET handler is a page; without, those that have
   * `@CachePage`.
   */
  pages?: ResponseCacheOptions<ExecutionContext> | undefined;
  /**
   * Whether pages that are hits are given before Nest wakes up, **before its guards**. Default false.
   */
  front?: boolean | undefined;
}

/** Options of `LocMemModule.register`, and what the factory of `registerAsync` returns. */
export interface LocMemModuleOptions extends AppOptions {
  /**
   * Caches by alias (Django: CACHES). A cache of this process is this registration's own, unless its
   * `location` names a store to share. Default: one with the alias `default`.
   */
  caches?: Readonly<Record<string, CacheConfig>> | undefined;
}

/** Options of `LocMemModule.register`. */
export interface LocMemModuleRegisterOptions extends LocMemModuleOptions {
  /** Whether the caches can be injected everywhere, or only where the module is imported. */
  isGlobal?: boolean | undefined;
}

/** A class that makes the options. */
export interface LocMemOptionsFactory {
  createLocMemOptions(): LocMemModuleOptions | Promise<LocMemModuleOptions>;
}

/** Options of `LocMemModule.registerAsync`: one of `useFactory`, `useClass` and `useExisting`. */
export interface LocMemModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Whether the caches can be injected everywhere, or only where the module is imported. */
  isGlobal?: boolean | undefined;
  /** The aliases that the options will have: Nest has to know them first. Default `['default']`. */
  aliases?: readonly string[] | undefined;
  // As in Nest's own interfaces.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  useFactory?: ((...args: any[]) => LocMemModuleOptions | Promise<LocMemModuleOptions>) | undefined;
  /** What the factory gets. */
  inject?: InjectionToken[] | undefined;
  useClass?: Type<LocMemOptionsFactory> | undefined;
  useExisting?: Type<LocMemOptionsFactory> | undefined;
}
