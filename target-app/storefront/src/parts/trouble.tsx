import { passes, type Problem } from "../api";

/** Why something is not there, and the way on. */
export function Trouble({ what, problem, retry }: { what: string; problem: Problem; retry: () => void }) {
  const passing = passes(problem);
  return (
    <div className="notice trouble" role="alert">
      <p>
        <strong>{what}</strong>
      </p>
      <p>{passing ? "The shop is not answering just now. We keep trying by ourselves." : problem.message}</p>
      <button type="button" className="quiet" onClick={retry}>
        Try again now
      </button>
    </div>
  );
}
