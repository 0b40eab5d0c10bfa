Order: stamps of whole seconds, the order of telling, clocks that step, things told twice.

## all in one second, in order
arrive 0; enter sales 0; ring ann sales 0; answer ann sales 0; release ann caller 0; end caller 0
= visit sales answered 0 talk 0
= offer ann sales answered 0
= leg ann sales from 0 talk 0 by caller
= served, ended by caller at 0
> arrived; offered sales; ended sales answered 0 within; decided sales; settled

## all in one second, told backwards
end caller 0; release ann caller 0; answer ann sales 0; ring ann sales 0; enter sales 0; arrive 0
= visit sales answered 0 talk 0
= offer ann sales answered 0
= leg ann sales from 0 talk 0 by caller
= served, ended by caller at 0

## leave and enter in one second
arrive 0; enter a 2; left a timeout 32; enter b 32; answer ann b 40; release ann caller 50; end caller 50
= visit a timeout 30
= visit b answered 8 talk 10
= leg ann b from 40 talk 10 by caller
= reroute a to b
= served, ended by caller at 50

## enter told before leave, in one second
arrive 0; enter a 2; enter b 32; left a timeout 32; answer ann b 40; release ann caller 50; end caller 50
= visit a timeout 30
= visit b answered 8 talk 10
= leg ann b from 40 talk 10 by caller
= reroute a to b
= served, ended by caller at 50

## left and entered again, one queue, one second
arrive 0; enter a 2; left a timeout 32; enter a 32; ring ann a 32; answer ann a 32; release ann caller 50; end caller 50
= visit a timeout 30
= visit a answered 0 talk 18 reentered
= offer ann a (visit 2) answered 0
= leg ann a (visit 2) from 32 talk 18 by caller
= served, ended by caller at 50

## entered again told before left, one queue, one second
arrive 0; enter a 2; ring ann a 32; enter a 32; left a timeout 32; answer ann a 32; release ann caller 50; end caller 50
= visit a timeout 30
= visit a answered 0 talk 18 reentered
= offer ann a (visit 2) answered 0
= leg ann a (visit 2) from 32 talk 18 by caller
= served, ended by caller at 50

## entered and left two queues in one second
arrive 0; enter a 0; left a left_empty 0; enter b 0; left b left_empty 0; end pbx 0
= visit a left_empty 0
= visit b left_empty 0
= reroute a to b
= dismissed, ended by pbx at 0

## two queues in one second, the second told first
arrive 0; enter b 5; enter a 5; left a timeout 5; end caller 9
= visit a timeout 0
= visit b abandoned_waiting 4
= reroute a to b
= abandoned, ended by caller at 9

## ring in the second in which the queue's time is up
arrive 0; enter a 2; left a timeout 32; ring ann a 32; end pbx 33
= visit a timeout 30
= offer ann a ring_timeout 0
= dismissed, ended by pbx at 33

## missed and rung again in one second
arrive 0; enter a 2; ring ann a 4; ring ann a 19; miss ann no_answer 19; answer ann a 22; release ann caller 50; end caller 50
= visit a answered 20 talk 28
= offer ann a no_answer 15
= offer ann a answered 3
= leg ann a from 22 talk 28 by caller
= served, ended by caller at 50

## parked and let go in one second
arrive 0; enter a 2; answer ann a 5; release ann agent 30; hold ann 30; end caller 40
= visit a answered 3 talk 25
= leg ann a from 5 talk 25 by agent
= served, ended by caller at 40

## parked, taken back and parked again in one second
arrive 0; enter a 2; answer ann a 5; hold ann 20; unhold ann 30; hold ann 30; unhold ann 40; release ann caller 50; end caller 50
= visit a answered 3 talk 25
= leg ann a from 5 talk 25 hold 20 by caller
= served, ended by caller at 50

## released and passed on in one second
arrive 0; enter a 2; answer ann a 5; enter b 30; answer bob b 30; release ann agent 30; begin ann blind queue b 30
release bob caller 50; end caller 50
= visit a answered 3 talk 25
= visit b answered 0 talk 20 after_human
= leg ann a from 5 talk 25 by agent
= leg bob b from 30 talk 20 by caller
= blind ann@a to queue b at 30: answered
= served, ended by caller at 50

## the answer in the second of the end
arrive 0; enter a 2; end caller 9; answer ann a 9; release ann caller 9
= visit a answered 7 talk 0
= leg ann a from 9 talk 0 by caller
= served, ended by caller at 9

## told in another order than it happened
arrive 0; release ann caller 60#5; answer ann a 9#4; enter a 2#6; end caller 60#7
= visit a answered 7 talk 51
= leg ann a from 9 talk 51 by caller
= served, ended by caller at 60
= marks reordered
> arrived; offered a; ended a answered 7 within; decided a; settled

## the clock stepped back within a wait: no wait, never zero
arrive 100; enter a 110; answer ann a 50; release ann caller 80; end caller 80
= arrived 100
= visit a answered ? talk 30
= leg ann a from 50 talk 30 by caller
= served, ended by caller at 80
= marks negative_span
> arrived; offered a; ended a answered ?; decided a; settled

## the clock stepped back within a talk
arrive 100; enter a 110; answer ann a 120; release ann caller 90; end caller 90
= arrived 100
= visit a answered 10
= leg ann a from 120 talk ? by caller
= served, ended by caller at 90
= marks negative_span

## the clock stepped back within a hold
arrive 100; enter a 110; answer ann a 120; hold ann 130; unhold ann 125; release ann caller 150; end caller 150
= arrived 100
= visit a answered 10 talk 30
= leg ann a from 120 talk 30 by caller
= served, ended by caller at 150
= marks negative_span

## the clock stepped back before the queue: the wait is right all the same
arrive 100; enter a 50; answer ann a 60; release ann caller 90; end caller 90
= arrived 100
= visit a answered 10 talk 30
= leg ann a from 60 talk 30 by caller
= served, ended by caller at 90
= marks negative_span

## two clocks a second apart: the arrival seems to come after the queue entry
arrive 10; enter a 9; answer ann a 15; release ann caller 30; end caller 30
= arrived 10
= visit a answered 6 talk 15
= leg ann a from 15 talk 15 by caller
= served, ended by caller at 30
= marks negative_span

## the clock stepped forward: who can know
arrive 0; enter a 10; answer ann a 3620; release ann caller 3650; end caller 3650
= visit a answered 3610 talk 30
= leg ann a from 3620 talk 30 by caller
= served, ended by caller at 3650

## everything told twice under new numbers
arrive 0; enter a 2; ring ann a 3; answer ann a 9; release ann caller 60; end caller 60
arrive 0; enter a 2; ring ann a 3; answer ann a 9; release ann caller 60; end caller 60
= visit a answered 7 talk 51
= offer ann a answered 6
= leg ann a from 9 talk 51 by caller
= served, ended by caller at 60
= marks told_twice
> arrived; offered a; ended a answered 7 within; decided a; settled

## each told twice in a row
arrive 0; arrive 0; enter a 2; enter a 2; answer ann a 9; answer ann a 9; release ann caller 60; release ann caller 60
end caller 60; end caller 60
= visit a answered 7 talk 51
= leg ann a from 9 talk 51 by caller
= served, ended by caller at 60
= marks told_twice

## a copy with a lower number comes late: the visit stays the same visit
arrive 0#1; enter a 2#5; answer ann a 9#6; enter a 2#3; release ann caller 60#7; end caller 60#8
= visit a answered 7 talk 51
= leg ann a from 9 talk 51 by caller
= served, ended by caller at 60
= marks told_twice
> arrived; offered a; ended a answered 7 within; decided a; settled

## the arrival told twice at different times
arrive 0; arrive 1; enter a 2; end caller 9
= visit a abandoned_waiting 7
= abandoned, ended by caller at 9
= marks contradiction

## the release told a second time, later
arrive 0; enter a 2; answer ann a 9; release ann caller 60; release ann caller 61; end caller 62
= visit a answered 7 talk 51
= leg ann a from 9 talk 51 by caller
= served, ended by caller at 62
= marks contradiction

## parked twice without being taken back, taken back without being parked
arrive 0; enter a 2; answer ann a 9; hold ann 20; hold ann 25; unhold ann 30; unhold ann 35; release ann caller 60; end caller 60
= visit a answered 7 talk 41
= leg ann a from 9 talk 41 hold 10 by caller
= served, ended by caller at 60
= marks contradiction
