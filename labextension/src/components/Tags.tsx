import * as React from 'react';

import { tagsFromText, tagsToText } from '../models/tagText';
import { Editable } from './Editable';
import { useView } from './view';

/** A run's tags, edited as one line. */
export function Tags(props: {
  tags: Readonly<Record<string, string>>;
  isEditing?: boolean;
  onSave(change: Record<string, string | null>): Promise<void>;
  onEnd?(): void;
}): JSX.Element {
  const { trans } = useView();
  return (
    <Editable
      label={trans.__('Tags')}
      text={tagsToText(props.tags)}
      placeholder={trans.__('Add tags, such as baseline, team=vision')}
      isEditing={props.isEditing}
      onSave={text => props.onSave(tagsFromText(text, props.tags))}
      onEnd={props.onEnd}
    />
  );
}
