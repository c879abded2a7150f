import * as React from 'react';

interface IBoundaryProps {
  /** What is said above the error. */
  message: string;
  retry: string;
  children: React.ReactNode;
}

/** Keeps an error in one view from taking the view away without a word. */
export class Boundary extends React.Component<IBoundaryProps, { error: Error | null }> {
  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override state: { error: Error | null } = { error: null };

  override render(): React.ReactNode {
    const { error } = this.state;
    if (!error) {
      return this.props.children;
    }
    return (
      <div className="trackbook-Note trackbook-mod-error" role="alert">
        <p>{this.props.message}</p>
        <p className="trackbook-Note-hint">{String(error)}</p>
        <button className="trackbook-Button" onClick={() => this.setState({ error: null })}>
          {this.props.retry}
        </button>
      </div>
    );
  }
}
