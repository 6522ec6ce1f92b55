import { shapeRequestsOf } from '@locmem/http';
import type { ExpressApp } from '@locmem/http';
import { Global, Inject, Module } from '@nestjs/common';
import type { NestModule, OnModuleInit } from '@nestjs/common';
import {
  APP_GUARD,
  APP_INTERCEPTOR,
  DiscoveryModule,
  DiscoveryService,
  HttpAdapterHost,
  ModuleRef,
} from '@nestjs/core';
import type { Server } from 'node:http';
import { AppSettings } from './app-settings.js';
import { applicationConfigOf } from './application-config.js';
import { EdgeInterceptor } from './edge.interceptor.js';
import { afterLazyLoads } from './lazy-modules.js';
import { provideForObjectsOfFactories } from './methods/factory-objects.js';
import { refuseKeylessOfOneRequest } from './methods/keyless.js';
import { putInFront } from './pages/fronting.js';
import { Guards } from './pages/guards.js';
import { PageCache } from './pages/page-cache.js';
import { PageInterceptor } from './pages/page.interceptor.js';
import { Versioning } from './pages/versioning.js';
import { MessageScopes } from './requests/message-scopes.js';
import { putFirst, RequestGuard, takeAway } from './requests/request.guard.js';
import { RequestInterceptor } from './requests/request.interceptor.js';
import { requestMiddleware } from './requests/request.middleware.js';
import { areRequestsWanted } from './requests/request-scope.js';
import { scopeSubscriptions } from './requests/subscriptions.js';
import { INSTALLED } from './tokens.js';
import { warn } from './warnings.js';

/** What there is once in an application, however often caches are registered. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    AppSettings,
    { provide: INSTALLED, useValue: true },
    { provide: APP_GUARD, useClass: RequestGuard },
    { provide: APP_INTERCEPTOR, useClass: EdgeInterceptor },
    RequestInterceptor,
    MessageScopes,
    PageInterceptor,
    Guards,
    Versioning,
    PageCache,
  ],
  exports: [AppSettings, INSTALLED, MessageScopes, PageCache, RequestInterceptor],
})
export class LocMemCoreModule implements NestModule, OnModuleInit {
  constructor(
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(AppSettings) private readonly settings: AppSettings,
    @Inject(PageCache) private readonly pages: PageCache,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {}

  /** Called before any middleware of a module is set up, so ours comes first. */
  configure(): void {
    // None in an application of messages alone.
    const adapter = this.adapterHost.httpAdapter as typeof this.adapterHost.httpAdapter | undefined;
    if (adapter === undefined) return;
    if (adapter.getType() === 'express') shapeRequestsOf(adapter.getInstance<ExpressApp>());
    const config = applicationConfigOf(this.moduleRef);
    if (areRequestsWanted()) {
      adapter.use(requestMiddleware);
      putFirst(config);
      scopeSubscriptions(this.discovery, this.settings);
    } else takeAway(config);
    this.settings.settle();
    if (this.settings.front) putInFront(adapter.getHttpServer() as Server, this.pages.common);
  }

  async onModuleInit(): Promise<void> {
    await this.#lookThrough();
    afterLazyLoads(this.moduleRef, () => this.#lookThrough());
    warn(this.discovery, applicationConfigOf(this.moduleRef), this.settings.address !== undefined);
  }

  /** What is there so far; what has been seen to before stays as it is. */
  async #lookThrough(): Promise<void> {
    refuseKeylessOfOneRequest(this.discovery);
    await provideForObjectsOfFactories(this.discovery);
  }
}
