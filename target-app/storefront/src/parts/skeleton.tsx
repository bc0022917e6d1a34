/** Where something will be. */
export function Skeleton({ cards = 0, lines = 0, of }: { cards?: number; lines?: number; of: string }) {
  return (
    <div className="skeleton" role="status">
      <span className="hidden">{`Loading ${of}`}</span>
      {cards > 0 && (
        <div className="cards" aria-hidden="true">
          {Array.from({ length: cards }, (_, at) => (
            <div key={at} className="card blank" />
          ))}
        </div>
      )}
      {Array.from({ length: lines }, (_, at) => (
        <div key={at} className="line blank" aria-hidden="true" />
      ))}
    </div>
  );
}
