import { Inject, Injectable, VersioningType } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { applicationConfigOf } from '../application-config.js';

/** Where Nest keeps what `@Version` and the options of `@Controller` have said. */
const VERSION_METADATA = '__version__';

/** Versioning by something else than the URL: then one URL has several handlers. */
@Injectable()
export class Versioning {
  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  get #options() {
    return applicationConfigOf(this.moduleRef)?.getVersioning();
  }

  get isBesideUrl(): boolean {
    const options = this.#options;
    return options !== undefined && options.type !== VersioningType.URI;
  }

  /** Which of the handlers of a URL it is, and for which version; undefined where it has but one. */
  routeOf(context: ExecutionContext): string | undefined {
    if (!this.isBesideUrl) return undefined;
    const options = this.#options!;
    const [controller, handler] = [context.getClass(), context.getHandler()];
    const version: unknown =
      Reflect.getMetadata(VERSION_METADATA, handler) ??
      Reflect.getMetadata(VERSION_METADATA, controller);
    const asked =
      options.type === VersioningType.CUSTOM
        ? options.extractor(context.switchToHttp().getRequest())
        : undefined;
    return JSON.stringify([controller.name, handler.name, version, asked]);
  }

  /** The request field that decides, for Vary. */
  get field(): string | undefined {
    const options = this.#options;
    if (options?.type === VersioningType.HEADER) return options.header;
    return options?.type === VersioningType.MEDIA_TYPE ? 'Accept' : undefined;
  }
}
