import { ModuleRef } from '@nestjs/core';
import type { ApplicationConfig } from '@nestjs/core';

/**
 * What `main.ts` has set on the application: global guards, versioning. Nest gives it to nobody by
 * injection; undefined where it has moved.
 */
export function applicationConfigOf(moduleRef: ModuleRef): ApplicationConfig | undefined {
  const { container } = moduleRef as unknown as {
    readonly container?: { readonly applicationConfig?: ApplicationConfig };
  };
  return container?.applicationConfig;
}
