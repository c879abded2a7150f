import { CurveChartModel, type ICurveView } from './curveChart';
import { ownerOf } from './curveData';
import { CurveOptions } from './curveOptions';
import { Observable } from './observable';

/** The charts of some runs, one for each metric, all with the same options. Tells when other runs or groups are in them. */
export class CurveSheet extends Observable {
  constructor(options: CurveSheet.IOptions) {
    super();
    this._parts = options;
  }

  /** How all of the charts are drawn. */
  readonly options = new CurveOptions();

  get runs(): readonly string[] {
    return this._parts.runs;
  }

  /** The chart of a metric; the same each time. */
  get(key: string): CurveChartModel {
    let model = this._models.get(key);
    if (!model) {
      const { runs, ...rest } = this._parts;
      const { options } = this;
      model = new CurveChartModel({ ...rest, source: { runs }, keys: [key], options });
      model.changed.connect(this._onChart, this);
      this._models.set(key, model);
    }
    return model;
  }

  /** What the charts show, as far as it has come. */
  get views(): readonly ICurveView[] {
    return [...this._models.values()].flatMap(model => model.overview ?? []);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._models.forEach(model => model.dispose());
      this._models.clear();
      this.options.dispose();
      super.dispose();
    }
  }

  private _onChart(): void {
    const curves = this.views.flatMap(view => view.page.curves);
    const seen = curves.map(curve => [ownerOf(curve), curve.key, curve.context]);
    const contents = JSON.stringify(seen);
    if (contents !== this._contents) {
      this._contents = contents;
      this.emitChanged();
    }
  }

  private readonly _parts: CurveSheet.IOptions;
  private readonly _models = new Map<string, CurveChartModel>();
  private _contents = '';
}

export namespace CurveSheet {
  export type IOptions = Omit<CurveChartModel.IOptions, 'keys' | 'options' | 'source'> & {
    runs: readonly string[];
  };
}
