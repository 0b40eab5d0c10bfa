How calls end: every outcome, every refusal, everything a call may carry, and ends that were never told.

## left before the queue
arrive 0; key 3; end caller 5
= left_before_queue, ended by caller at 5
> arrived; settled

## nothing but an arrival
arrive 0
= unknown, ended by unknown at 0
= marks end_missing
> arrived; settled

## nothing but an end
end caller 5
= arrived 5
= left_before_queue, ended by caller at 5
= marks arrival_missing
> arrived; settled

## served by the menu
arrive 0; tag menu_choice 3 2; tag self_served 8; end caller 10
= tags 2
= self_served, ended by caller at 10
> arrived; settled

## a message was left instead of waiting on
arrive 0; enter sales 2; left sales key_exit 30; message 50; end caller 50
= visit sales key_exit 28
= messages 1
= message_left, ended by caller at 50

## promised to be called back, tried, reached
arrive 0; enter sales 2; left sales callback 30; promise sales 30; end caller 31; tried no_answer 40; tried reached 50
= visit sales callback 28
= promised 1
= tried 2
= callback_promised, ended by caller at 31

## refused: all channels taken
arrive 0; refuse busy 0.1; end pbx 0.2
= refused busy - at 0.1
= refused, ended by pbx at 0.2
> arrived; settled

## refused: closed
arrive 0; refuse closed 0.1; end pbx 9
= refused closed - at 0.1
= refused, ended by pbx at 9

## refused: the queue is full
arrive 0; refuse full sales 0.1; end pbx 9
= refused full sales at 0.1
= refused, ended by pbx at 9
> arrived; settled

## refused: no agents
arrive 0; refuse no_agents sales 0.1; end pbx 9
= refused no_agents sales at 0.1
= refused, ended by pbx at 9

## diverted before any queue
arrive 0; refuse diverted 0.1; end unknown 60
= refused diverted - at 0.1
= diverted, ended by unknown at 60

## refused by one queue, waited in another: offered, not refused
arrive 0; refuse full sales 0.1; enter tech 0.2; end caller 30
= visit tech abandoned_waiting 29.8
= refused full sales at 0.1
= abandoned, ended by caller at 30
> arrived; offered tech; ended tech abandoned_waiting 29.8; decided tech; settled

## dismissed by time-out
arrive 0; enter sales 2; left sales timeout 62; end pbx 70
= visit sales timeout 60
= dismissed, ended by pbx at 70

## direct to an agent
arrive 0; ring ann 2; answer ann 8; release ann caller 60; end caller 60
= offer ann - answered 6
= leg ann - from 8 talk 52 by caller
= direct, ended by caller at 60

## our own return call: no arrival of ours
arrive return 0; answer ann 8; release ann agent 60; end agent 60
= return call
= leg ann - from 8 talk 52 by agent
= direct, ended by agent at 60
> settled

## a return call that is known as such too late
answer ann 8; arrive return 0; release ann agent 60; end agent 60
= return call
= leg ann - from 8 talk 52 by agent
= direct, ended by agent at 60
= marks reordered
> arrived; corrected; settled

## a test call labelled at once is in no figure
arrive 0; tag test 0.1; enter sales 2; answer ann sales 5; release ann caller 9; end caller 9
= test
= visit sales answered 3 talk 4
= leg ann sales from 5 talk 4 by caller
= tags 1
= served, ended by caller at 9
> settled

## a test call labelled late: what was said stays whole, and is corrected once; it waits no longer
arrive 0; enter sales 2; tag test 4; answer ann sales 5; release ann caller 9; enter tech 9; end caller 12
= test
= visit sales answered 3 talk 4
= visit tech abandoned_waiting 3 after_human
= leg ann sales from 5 talk 4 by caller
= blind ann@sales to queue tech at 9: abandoned after 3, inferred
= tags 1
= served, ended by caller at 12
> arrived; offered sales; corrected; ended sales error ?; decided sales; settled

## labels
arrive 0; tag topic pension 5; tag stage 2 5; tag conflict 6; tag needs_more_time 6; tag menu_choice 1 7; end caller 9
= tags 5
= left_before_queue, ended by caller at 9

## who ended: the agent, while connected; the hold is not over
arrive 0; enter sales 2; answer ann sales 10; hold ann 40; end agent 60
= visit sales answered 8 talk 30
= leg ann sales from 10 talk 30 hold 20 by agent
= served, ended by agent at 60
= marks release_missing
> arrived; offered sales; ended sales answered 8 within; decided sales; settled

## who ended: the switch, while connected
arrive 0; enter sales 2; answer ann sales 10; end pbx 60
= visit sales answered 8 talk 50
= leg ann sales from 10 talk 50 by pbx
= served, ended by pbx at 60
= marks release_missing

## the end was never told, an agent answered
arrive 0; enter sales 2; answer ann sales 10; release ann caller 60
= visit sales answered 8 talk 50
= leg ann sales from 10 talk 50 by caller
= served, ended by unknown at 60
= marks end_missing
> arrived; offered sales; ended sales answered 8 within; decided sales; settled

## the end was never told while the caller waited: closed at the last thing told
arrive 0; enter sales 2; ring ann sales 4; miss ann no_answer 19; ring bob sales 20
= visit sales error 18
= offer ann sales no_answer 15
= offer bob sales error 0
= unknown, ended by unknown at 20
= marks end_missing
> arrived; offered sales; decided sales; ended sales error 18; settled

## the end was never told while an agent talked
arrive 0; enter sales 2; answer ann sales 10; hold ann 30; unhold ann 50
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 hold 20 by unknown
= served, ended by unknown at 50
= marks end_missing release_missing
> arrived; offered sales; ended sales answered 8 within; decided sales; settled

## the end was never told after a time-out: no outcome is certain
arrive 0; enter sales 2; left sales timeout 62
= visit sales timeout 60
= unknown, ended by unknown at 62
= marks end_missing

## the end was never told, but a message was left
arrive 0; message 20
= messages 1
= message_left, ended by unknown at 20
= marks end_missing

## the source's clock was ahead
arrive 0!; enter sales 2; end caller 7
= visit sales abandoned_waiting 5
= abandoned, ended by caller at 7
= marks source_ahead

## told after the end
arrive 0; enter sales 2; end caller 7; enter sales 9; ring ann sales 10; answer ann sales 12; release ann caller 20; refuse full 21
= visit sales abandoned_waiting 5
= abandoned, ended by caller at 7
= marks after_end contradiction
> arrived; offered sales; ended sales abandoned_waiting 5 short; decided sales; settled

## ended twice
arrive 0; enter sales 2; answer ann sales 5; release ann caller 20; end caller 20; end pbx 20.5
= visit sales answered 3 talk 15
= leg ann sales from 5 talk 15 by caller
= served, ended by caller at 20
= marks after_end contradiction
> arrived; offered sales; ended sales answered 3 within; decided sales; settled

## the exit told just after the end refines it
arrive 0; enter sales 2; end unknown 30; left sales timeout 30.1
= visit sales timeout 28
= dismissed, ended by unknown at 30
> arrived; offered sales; ended sales abandoned_waiting 28; decided sales; corrected; settled
