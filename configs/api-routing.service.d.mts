import type { Server } from "node:http";

/** Routing documents by called user. */
type Routes = Readonly<Record<string, object>>;

export function answer(routes: Routes, question: string): { status: number; body: object };
export function service(routes: Routes): Server;
